using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>A type with a scale per 32 columns or more.</summary>
internal unsafe struct Columns32<T> : IByteColumns
    where T : IBlocksOf32
{
    public static long Bytes(int columns) => (long)columns / 32 * T.EightBytes / 8;

    public static int StagedBytes => T.EightBytes;

    public static int FactorShift => 1;

    public static bool HasOffsets => T.HasOffsets;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Begin(byte* source, int columns, byte* staged, float* factors)
    {
        if (columns < 256)
        {
            source = Copy(source, columns, staged);
        }

        T.Scales(source, out Vector256<float> offsets).Store(factors);
        if (T.HasOffsets)
        {
            offsets.Store(factors + ByteColumns.OffsetsAt);
        }

        return source;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Values(byte* at, int k) => (T.Bytes256(at, k) - Vector256.Create((byte)T.Bias)).AsSByte();

    /// <summary>Copies some columns, with zeros behind them up to 256; returns the copy.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static byte* Copy(byte* source, int columns, byte* staged)
    {
        new Span<byte>(staged, T.EightBytes).Clear();
        Unsafe.CopyBlockUnaligned(staged, source, (uint)Bytes(columns));
        return staged;
    }
}

/// <summary>A type of blocks of 256 columns.</summary>
internal unsafe struct Columns256<T> : IByteColumns
    where T : IBlockSource
{
    public static long Bytes(int columns) => (long)columns / 256 * T.BlockBytes;

    public static int StagedBytes => T.StagedBytes;

    public static int FactorShift => T.HasWideGroups ? 1 : 0;

    public static bool HasOffsets => T.Form == BlockForm.Minimums;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Begin(byte* source, int columns, byte* staged, float* factors)
    {
        byte* block = Isa.Avx2 ? T.Stage(source, 1, staged) : T.StageScalar(source, staged);
        if (T.HasWideGroups)
        {
            Store(Wide(block, out Vector128<short> wideMins), T.D(block), factors);
            if (HasOffsets)
            {
                Store(wideMins, -T.DMin(block), factors + ByteColumns.OffsetsAt);
            }

            return block;
        }

        Vector256<short> scales = T.Groups(block, out Vector256<short> mins);
        Store(scales, T.D(block), factors);
        if (HasOffsets)
        {
            Store(mins, -T.DMin(block), factors + ByteColumns.OffsetsAt);
        }

        return block;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Values(byte* at, int k) =>
        (T.Bias == 0 ? T.Values256(at, k) : T.Values256(at, k) - Vector256.Create((byte)T.Bias)).AsSByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Wide(byte* block, out Vector128<short> mins)
    {
        if (Isa.Avx2)
        {
            return T.WideGroups(block, out mins);
        }

        Vector256<int> scales = T.Groups(block, out Vector256<short> all).AsInt32();
        mins = Vector128.Narrow(all.AsInt32().GetLower(), all.AsInt32().GetUpper());
        return Vector128.Narrow(scales.GetLower(), scales.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<short> groups, float d, float* factors)
    {
        Store(groups.GetLower(), d, factors);
        Store(groups.GetUpper(), d, factors + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector128<short> groups, float d, float* factors) =>
        (Vector256.ConvertToSingle(Widening.ToInts(groups)) * Vector256.Create(d)).Store(factors);
}

/// <summary>
/// Columns of an <see cref="IByteColumns"/> unpacked to memory, and from there as floats: bytes are widened as they are loaded, so that few
/// vectors live at a time.
/// </summary>
internal static unsafe class ByteColumns
{
    /// <summary>Scales and offsets of 256 columns.</summary>
    public const int Factors = 32;

    /// <summary>Where the offsets begin.</summary>
    public const int OffsetsAt = 16;

    /// <summary>Where the values begin in what <see cref="Unpack"/> writes; the factors are before them.</summary>
    public const int ValuesAt = Factors * sizeof(float);

    private const int StagedAt = ValuesAt + 256;

    /// <summary>Bytes that <see cref="Unpack"/> may write, a multiple of 64.</summary>
    public static int UnpackedBytes<T>()
        where T : IByteColumns => StagedAt + ((T.StagedBytes + 63) & ~63);

    /// <summary>Unpacks columns to factors and values.</summary>
    /// <param name="source">Whole blocks, any alignment.</param>
    /// <param name="columns">1 to 256; the rest of the last 64 becomes zero.</param>
    /// <param name="to">Aligned to 32 bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack<T>(byte* source, int columns, byte* to)
        where T : IByteColumns
    {
        byte* at = T.Begin(source, columns, to + StagedAt, (float*)to);
        sbyte* values = (sbyte*)to + ValuesAt;
        T.Values(at, 0).StoreAligned(values);
        T.Values(at, 1).StoreAligned(values + 32);
        if (columns > 64)
        {
            T.Values(at, 2).StoreAligned(values + 64);
            T.Values(at, 3).StoreAligned(values + 96);
            T.Values(at, 4).StoreAligned(values + 128);
            T.Values(at, 5).StoreAligned(values + 160);
            T.Values(at, 6).StoreAligned(values + 192);
            T.Values(at, 7).StoreAligned(values + 224);
        }
    }

    /// <summary>Sixteen columns.</summary>
    /// <param name="v">Values.</param>
    /// <param name="factors">As <see cref="IByteColumns.Begin"/> wrote them.</param>
    /// <param name="group">Which sixteen of the columns that the factors belong to.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Sixteen<T>(sbyte* v, float* factors, int group)
        where T : IByteColumns
    {
        Vector512<float> wide = Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(Vector128.Load(v)));
        Vector512<float> scale = Vector512.Create(factors[group >> T.FactorShift]);
        return T.HasOffsets ? Vector512.FusedMultiplyAdd(wide, scale, Vector512.Create(factors[OffsetsAt + (group >> T.FactorShift)]))
            : wide * scale;
    }

    /// <summary>Eight of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Eight<T>(sbyte* v, float* factors, int group)
        where T : IByteColumns
    {
        Vector256<float> wide = Vector256.ConvertToSingle(Widening.ToInts(v)), scale = Vector256.Create(factors[group >> T.FactorShift]);
        return T.HasOffsets ? Vector256.FusedMultiplyAdd(wide, scale, Vector256.Create(factors[OffsetsAt + (group >> T.FactorShift)]))
            : wide * scale;
    }
}
