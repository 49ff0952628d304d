using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

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

/// <summary>A type with a scale per 32 columns or more. v·d is exact, so that fusing the offset's addition changes nothing.</summary>
internal unsafe struct Columns32<T> : IColumnDecoder
    where T : IBlocksOf32
{
    public static long Bytes(int columns) => (long)columns / 32 * T.EightBytes / 8;

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decode(byte* source, int columns, float* destination)
    {
        byte* tail = stackalloc byte[T.EightBytes];
        float* scales = stackalloc float[16];
        if (columns < 256)
        {
            new Span<byte>(tail, T.EightBytes).Clear();
            Unsafe.CopyBlockUnaligned(tail, source, (uint)Bytes(columns));
            source = tail;
        }

        T.Scales(source, out Vector256<float> offsets).Store(scales);
        offsets.Store(scales + 8);
        for (int b = 0; b < columns / 32; b++)
        {
            Vector256<sbyte> v = (T.Bytes256(source, b) - Vector256.Create((byte)T.Bias)).AsSByte();
            SixteenFloats.Store(v.GetLower(), scales[b], T.HasOffsets, scales[8 + b], destination + (32 * b));
            SixteenFloats.Store(v.GetUpper(), scales[b], T.HasOffsets, scales[8 + b], destination + (32 * b) + 16);
        }
    }
}

/// <summary>
/// A type of blocks of 256 columns. v·(d·scale) is exact (at most 11 + 8 + 5 bits), so that fusing the subtraction of the minimum changes
/// nothing.
/// </summary>
internal unsafe struct Columns256<T> : IColumnDecoder
    where T : IBlockSource
{
    private const int MinimumsOf = 16; // behind the scales

    public static long Bytes(int columns) => (long)columns / 256 * T.BlockBytes;

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decode(byte* source, int columns, float* destination)
    {
        byte* buffer = stackalloc byte[T.StagedBytes];
        float* factors = stackalloc float[2 * MinimumsOf];
        byte* block = Isa.Avx2 ? T.Stage(source, 1, buffer) : T.StageScalar(source, buffer);
        Vector256<short> scales = T.Groups(block, out Vector256<short> mins);
        Factors(scales, T.D(block), factors);
        if (T.Form == BlockForm.Minimums)
        {
            Factors(mins, -T.DMin(block), factors + MinimumsOf);
        }

        Store(T.Values256(block, 0), factors, destination);
        Store(T.Values256(block, 1), factors + 2, destination + 32);
        Store(T.Values256(block, 2), factors + 4, destination + 64);
        Store(T.Values256(block, 3), factors + 6, destination + 96);
        Store(T.Values256(block, 4), factors + 8, destination + 128);
        Store(T.Values256(block, 5), factors + 10, destination + 160);
        Store(T.Values256(block, 6), factors + 12, destination + 192);
        Store(T.Values256(block, 7), factors + 14, destination + 224);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Factors(Vector256<short> groups, float d, float* factors)
    {
        (Vector256.ConvertToSingle(Vector256.WidenLower(groups)) * Vector256.Create(d)).Store(factors);
        (Vector256.ConvertToSingle(Vector256.WidenUpper(groups)) * Vector256.Create(d)).Store(factors + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<byte> values, float* factors, float* destination)
    {
        const bool Has = true;
        Vector256<sbyte> v = (T.Bias == 0 ? values : values - Vector256.Create((byte)T.Bias)).AsSByte();
        if (T.Form == BlockForm.Minimums)
        {
            SixteenFloats.Store(v.GetLower(), factors[0], Has, factors[MinimumsOf], destination);
            SixteenFloats.Store(v.GetUpper(), factors[1], Has, factors[MinimumsOf + 1], destination + 16);
            return;
        }

        SixteenFloats.Store(v.GetLower(), factors[0], !Has, 0, destination);
        SixteenFloats.Store(v.GetUpper(), factors[1], !Has, 0, destination + 16);
    }
}

/// <summary>Sixteen bytes to floats.</summary>
internal static unsafe class SixteenFloats
{
    /// <summary>v · scale, or v · scale + offset, rounded once.</summary>
    /// <param name="v">Values.</param>
    /// <param name="scale">Factor.</param>
    /// <param name="hasOffset">A constant.</param>
    /// <param name="offset">What is added.</param>
    /// <param name="destination">Sixteen floats.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<sbyte> v, float scale, bool hasOffset, float offset, float* destination)
    {
        if (Isa.Avx512)
        {
            Vector512<float> wide = Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(v));
            (hasOffset ? Vector512.FusedMultiplyAdd(wide, Vector512.Create(scale), Vector512.Create(offset))
                : wide * Vector512.Create(scale))
                .Store(destination);
            return;
        }

        Vector256<float> factor = Vector256.Create(scale), added = Vector256.Create(offset);
        Vector256<float> low = Vector256.ConvertToSingle(Lower(v)), high = Vector256.ConvertToSingle(Upper(v));
        (hasOffset ? Vector256.FusedMultiplyAdd(low, factor, added) : low * factor).Store(destination);
        (hasOffset ? Vector256.FusedMultiplyAdd(high, factor, added) : high * factor).Store(destination + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Lower(Vector128<sbyte> v)
    {
        if (Avx2.IsSupported)
        {
            return Avx2.ConvertToVector256Int32(v);
        }

        Vector128<short> words = Vector128.WidenLower(v);
        return Vector256.Create(Vector128.WidenLower(words), Vector128.WidenUpper(words));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Upper(Vector128<sbyte> v)
    {
        if (Avx2.IsSupported)
        {
            return Avx2.ConvertToVector256Int32(Sse2.ShiftRightLogical128BitLane(v, 8));
        }

        Vector128<short> words = Vector128.WidenUpper(v);
        return Vector256.Create(Vector128.WidenLower(words), Vector128.WidenUpper(words));
    }
}
