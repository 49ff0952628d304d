using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>Blocks of 256 columns as <see cref="SuperKernel{T}"/> takes them, at AVX-512: from the file's bytes, or staged before.</summary>
internal unsafe interface ISuperSource
{
    /// <summary>Bytes of a block in the file.</summary>
    static abstract int BlockBytes { get; }

    /// <summary>Bytes of a staged block; equal to <see cref="BlockBytes"/> where blocks are used as they are.</summary>
    static abstract int StagedBytes { get; }

    /// <summary>What is taken off the scaled products.</summary>
    static abstract SuperBlockForm Form { get; }

    /// <summary>No byte is larger: 31, 63, 127 or 255. Signed values are below 128 in magnitude and count as 255.</summary>
    static abstract int MostValue { get; }

    /// <summary>Stages blocks and returns where they are: <paramref name="buffer"/>, or <paramref name="source"/> itself.</summary>
    static abstract byte* Stage(byte* source, int count, byte* buffer);

    /// <summary>Values of columns 64·k to 64·k + 63 of a staged block; k is a constant.</summary>
    static abstract Vector512<byte> Values(byte* block, int k);

    /// <summary>Scales, and minimums unless the form is signed, of sixteen columns each.</summary>
    static abstract Vector256<short> Groups(byte* block, out Vector256<short> mins);

    /// <summary>Scale of the block.</summary>
    static abstract float D(byte* block);

    /// <summary>Scale of the minimums (the form <see cref="SuperBlockForm.Minimums"/> only).</summary>
    static abstract float DMin(byte* block);

    /// <summary>The same of eight staged blocks.</summary>
    static abstract Vector256<float> Scales(byte* blocks, out Vector256<float> mins);
}

/// <summary>An <see cref="ISuperBlock"/> type, used as it is.</summary>
internal unsafe struct PlainSuper<T> : ISuperSource
    where T : ISuperBlock
{
    public static int BlockBytes => T.BlockBytes;

    public static int StagedBytes => T.BlockBytes;

    public static SuperBlockForm Form => T.Form;

    public static int MostValue
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => T.Form == SuperBlockForm.Signed ? 255 : T.MostValue;
    }

    public static byte* Stage(byte* source, int count, byte* buffer) => source;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Values(byte* block, int k) => T.Values512(block, k);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Groups(byte* block, out Vector256<short> mins) => T.Groups(block, out mins);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float D(byte* block) => Float16.Read(block + T.DOffset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float DMin(byte* block) => Float16.Read(block + T.DOffset + 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scales(byte* blocks, out Vector256<float> mins)
    {
        if (Form == SuperBlockForm.Minimums)
        {
            return StepScales.Pairs(blocks + T.DOffset, T.BlockBytes, out mins);
        }

        mins = default;
        return StepScales.Halves(blocks + T.DOffset, T.BlockBytes);
    }
}

/// <summary>An <see cref="IGridType"/>, unpacked to <see cref="GridBlock"/>s.</summary>
internal unsafe struct GridSuper<T> : ISuperSource
    where T : IGridType
{
    public static int BlockBytes => T.BlockBytes;

    public static int StagedBytes => sizeof(GridBlock);

    public static SuperBlockForm Form => SuperBlockForm.Biased;

    public static int MostValue
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (2 << T.BiasShift) - 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static byte* Stage(byte* source, int count, byte* buffer)
    {
        for (int i = 0; i < count; i++)
        {
            T.Unpack512(source + (i * T.BlockBytes), (GridBlock*)buffer + i);
        }

        return buffer;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Values(byte* block, int k) => Vector512.Load(block + (64 * k));

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
        return StepScales.Floats((byte*)&((GridBlock*)blocks)->D, sizeof(GridBlock));
    }
}
