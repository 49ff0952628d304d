using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>Block by block, as the type's decoder defines it.</summary>
internal unsafe struct ScalarColumns<T> : IColumnDecoder
    where T : IBlockDecoder
{
    public static long Bytes(int columns) => (long)(columns / T.BlockElements) * T.BlockBytes;

    public static void Decode(byte* source, int columns, float* destination)
    {
        for (int i = 0; i < columns; i += T.BlockElements)
        {
            T.Decode(source, destination + i);
            source += T.BlockBytes;
        }
    }
}

/// <summary>Unpacked to bytes and scaled into the buffer, one group after the other.</summary>
internal unsafe struct BufferedColumns<T> : IColumnDecoder
    where T : IByteColumns
{
    public static long Bytes(int columns) => T.Bytes(columns);

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decode(byte* source, int columns, float* destination)
    {
        byte* staged = stackalloc byte[T.StagedBytes];
        float* factors = stackalloc float[ByteColumns.Factors];
        byte* at = T.Begin(source, columns, staged, factors);
        Store(T.Values(at, 0), factors, destination, 0);
        Store(T.Values(at, 1), factors, destination, 1);
        Store(T.Values(at, 2), factors, destination, 2);
        Store(T.Values(at, 3), factors, destination, 3);
        Store(T.Values(at, 4), factors, destination, 4);
        Store(T.Values(at, 5), factors, destination, 5);
        Store(T.Values(at, 6), factors, destination, 6);
        Store(T.Values(at, 7), factors, destination, 7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<sbyte> values, float* factors, float* destination, int k)
    {
        destination += 32 * k;
        if (Isa.Avx512)
        {
            ByteColumns.Sixteen<T>(values.GetLower(), factors, 2 * k).Store(destination);
            ByteColumns.Sixteen<T>(values.GetUpper(), factors, (2 * k) + 1).Store(destination + 16);
            return;
        }

        ByteColumns.LowEight<T>(values.GetLower(), factors, 2 * k).Store(destination);
        ByteColumns.HighEight<T>(values.GetLower(), factors, 2 * k).Store(destination + 8);
        ByteColumns.LowEight<T>(values.GetUpper(), factors, (2 * k) + 1).Store(destination + 16);
        ByteColumns.HighEight<T>(values.GetUpper(), factors, (2 * k) + 1).Store(destination + 24);
    }
}
