using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>Blocks of 256 columns as <see cref="Blocks256Kernel{T, TLanes}"/> takes them: from the file's bytes, or staged
/// before.</summary>
internal unsafe interface IBlockSource
{
    /// <summary>Bytes of a block in the file.</summary>
    static abstract int BlockBytes { get; }

    /// <summary>Bytes of a staged block; equal to <see cref="BlockBytes"/> where blocks are used as they are.</summary>
    static abstract int StagedBytes { get; }

    /// <summary>What is taken off the scaled products.</summary>
    static abstract BlockForm Form { get; }

    /// <summary>What the values exceed the signed ones by.</summary>
    static abstract int Bias { get; }

    /// <summary>No byte is larger: 31, 63, 127 or 255. Signed values are below 128 in magnitude and count as 255.</summary>
    static abstract int MostValue { get; }

    /// <summary>Whether two neighbouring groups of sixteen columns always have the same scale.</summary>
    static abstract bool HasWideGroups { get; }

    /// <summary>Stages blocks and returns where they are: <paramref name="buffer"/>, or <paramref name="source"/> itself.</summary>
    static abstract byte* Stage(byte* source, int count, byte* buffer);

    /// <summary>The same without vectors.</summary>
    static abstract byte* StageScalar(byte* source, byte* buffer);

    /// <summary>Value of column <paramref name="i"/> of a staged block.</summary>
    static abstract int Value(byte* block, int i);

    /// <summary>Scale and minimum of columns 16·g to 16·g + 15 of a staged block.</summary>
    static abstract void Group(byte* block, int g, out int scale, out int min);

    /// <summary>Values of columns 32·k to 32·k + 31 of a staged block; k is a constant.</summary>
    static abstract Vector256<byte> Values256(byte* block, int k);

    /// <summary>Whether columns j and j + 16 of a wide group are cheaper to unpack together.</summary>
    static virtual bool HasHalves => false;

    /// <summary>Values of columns 0–15 of wide groups 2·pair and 2·pair + 1, and of columns 16–31.</summary>
    static virtual Vector256<byte> Halves256(byte* block, int pair, out Vector256<byte> upper) => throw new NotSupportedException();

    /// <summary>Values of columns 64·k to 64·k + 63 of a staged block, at AVX-512; k is a constant.</summary>
    static abstract Vector512<byte> Values512(byte* block, int k);

    /// <summary>Scales, and minimums unless the form is signed, of sixteen columns each.</summary>
    static abstract Vector256<short> Groups(byte* block, out Vector256<short> mins);

    /// <summary>The eight different scales and minimums where groups are wide.</summary>
    static virtual Vector128<short> WideGroups(byte* block, out Vector128<short> mins) => throw new NotSupportedException();

    /// <summary>Scale of the block.</summary>
    static abstract float D(byte* block);

    /// <summary>Scale of the minimums (the form <see cref="BlockForm.Minimums"/> only).</summary>
    static abstract float DMin(byte* block);

    /// <summary>The same of eight staged blocks.</summary>
    static abstract Vector256<float> Scales(byte* blocks, out Vector256<float> mins);
}

/// <summary>An <see cref="IBlocksOf256"/> type, used as it is.</summary>
internal unsafe struct PlainSource<T> : IBlockSource
    where T : IBlocksOf256
{
    public static int BlockBytes => T.BlockBytes;

    public static int StagedBytes => T.BlockBytes;

    public static BlockForm Form => T.Form;

    public static int Bias => T.Bias;

    public static int MostValue
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => T.Form == BlockForm.Signed ? 255 : T.MostValue;
    }

    public static bool HasWideGroups => T.HasWideGroups;

    public static byte* Stage(byte* source, int count, byte* buffer) => source;

    public static byte* StageScalar(byte* source, byte* buffer) => source;

    public static int Value(byte* block, int i) => T.Value(block, i);

    public static void Group(byte* block, int g, out int scale, out int min) => T.Group(block, g, out scale, out min);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Values256(byte* block, int k) => T.Values256(block, k);

    public static bool HasHalves => T.HasHalves;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Halves256(byte* block, int pair, out Vector256<byte> upper) => T.Halves256(block, pair, out upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Values512(byte* block, int k) => T.Values512(block, k);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Groups(byte* block, out Vector256<short> mins) => T.Groups(block, out mins);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> WideGroups(byte* block, out Vector128<short> mins) => T.WideGroups(block, out mins);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float D(byte* block) => Float16.Read(block + T.DOffset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float DMin(byte* block) => Float16.Read(block + T.DOffset + 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scales(byte* blocks, out Vector256<float> mins)
    {
        if (Form == BlockForm.Minimums)
        {
            return BlockScales.Pairs(blocks + T.DOffset, T.BlockBytes, out mins);
        }

        mins = default;
        return BlockScales.Halves(blocks + T.DOffset, T.BlockBytes);
    }
}

/// <summary>An <see cref="IGridType"/>, unpacked to <see cref="GridBlock"/>s.</summary>
internal unsafe struct GridSource<T> : IBlockSource
    where T : IGridType
{
    public static int BlockBytes => T.BlockBytes;

    public static int StagedBytes => sizeof(GridBlock);

    public static BlockForm Form => BlockForm.Biased;

    public static int Bias => 1 << T.BiasShift;

    public static int MostValue
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (2 << T.BiasShift) - 1;
    }

    public static bool HasWideGroups => false;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static byte* Stage(byte* source, int count, byte* buffer)
    {
        var blocks = (GridBlock*)buffer;
        for (int i = 0; i < count; i++)
        {
            if (Isa.Avx512)
            {
                T.Unpack512(source + (i * T.BlockBytes), blocks + i);
            }
            else
            {
                T.Unpack(source + (i * T.BlockBytes), blocks + i);
            }
        }

        // In a loop of its own: a vector read right after the narrower writes of its bytes would wait for them.
        for (int i = 0; T.HasSigns && !Isa.Avx512 && i < count; i++)
        {
            GridBlock.ApplySigns256(blocks + i, 1 << T.BiasShift);
        }

        return buffer;
    }

    public static byte* StageScalar(byte* source, byte* buffer)
    {
        T.Unpack(source, (GridBlock*)buffer);
        if (T.HasSigns)
        {
            GridBlock.ApplySigns((GridBlock*)buffer, 1 << T.BiasShift);
        }

        return buffer;
    }

    public static int Value(byte* block, int i) => ((GridBlock*)block)->Values[i];

    public static void Group(byte* block, int g, out int scale, out int min)
    {
        scale = ((GridBlock*)block)->Scales[g];
        min = scale << T.BiasShift;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Values256(byte* block, int k) => Vector256.Load(block + (32 * k));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Values512(byte* block, int k) => Vector512.Load(block + (64 * k));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Groups(byte* block, out Vector256<short> mins)
    {
        Vector256<short> scales = Vector256.Load(((GridBlock*)block)->Scales);
        mins = Vector256.ShiftLeft(scales, T.BiasShift);
        return scales;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float D(byte* block) => ((GridBlock*)block)->D;

    public static float DMin(byte* block) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scales(byte* blocks, out Vector256<float> mins)
    {
        mins = default;
        return BlockScales.Floats((byte*)&((GridBlock*)blocks)->D, sizeof(GridBlock));
    }
}
