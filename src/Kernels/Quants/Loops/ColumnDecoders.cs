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
        byte* memory = stackalloc byte[ByteColumns.UnpackedBytes<T>() + 31];
        float* factors = (float*)(((nint)memory + 31) & ~31);
        ByteColumns.Unpack<T>(source, columns, (byte*)factors);
        sbyte* v = (sbyte*)factors + ByteColumns.ValuesAt;
        for (float* end = destination + 256; destination < end; destination += 32)
        {
            if (Isa.Avx512)
            {
                ByteColumns.Sixteen<T>(v, factors, 0).Store(destination);
                ByteColumns.Sixteen<T>(v + 16, factors, 1).Store(destination + 16);
            }
            else
            {
                ByteColumns.Eight<T>(v, factors, 0).Store(destination);
                ByteColumns.Eight<T>(v + 8, factors, 0).Store(destination + 8);
                ByteColumns.Eight<T>(v + 16, factors, 1).Store(destination + 16);
                ByteColumns.Eight<T>(v + 24, factors, 1).Store(destination + 24);
            }

            v += 32;
            factors += 2 >> T.FactorShift;
        }
    }
}
