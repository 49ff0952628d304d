using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Activations;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>An operator on <see cref="GridBlock"/>s and how the blocks come out of the type's bytes.</summary>
internal unsafe interface IGridOperator<TWeights, TSum> : IBlockOperator<TWeights, TSum>
    where TWeights : unmanaged
    where TSum : unmanaged
{
    /// <summary>Bytes of a packed block.</summary>
    static abstract int PackedBytes { get; }

    /// <summary>Unpacks blocks.</summary>
    static abstract void Unpack(byte* source, GridBlock* blocks, int count);
}

/// <summary>Scalar operator: the oracle.</summary>
internal unsafe struct GridScalar<TType> : IGridOperator<WeightPointer, double>
    where TType : IGridType
{
    public static int PackedBytes => TType.BlockBytes;

    public static int StepColumns => 256;

    public static int StepBytes => sizeof(GridBlock);

    public static ActivationLayout Layout => ActivationLayout.Q8Block256;

    public static void Unpack(byte* source, GridBlock* blocks, int count)
    {
        for (int i = 0; i < count; i++)
        {
            TType.Unpack(source + (i * PackedBytes), blocks + i);
            if (TType.HasSigns)
            {
                GridBlock.ApplySigns(blocks + i, 1 << TType.BiasShift);
            }
        }
    }

    public static WeightPointer Load(byte* weights) => new() { Block = weights };

    public static double Dot(in WeightPointer weights, byte* values, byte* scales, double sum)
    {
        var block = (GridBlock*)weights.Block;
        int total = 0;
        for (int g = 0; g < 16; g++)
        {
            int dot = 0;
            for (int i = 16 * g; i < 16 * (g + 1); i++)
            {
                dot += (block->Values[i] - (1 << TType.BiasShift)) * ((sbyte*)values)[i];
            }

            total += block->Scales[g] * dot;
        }

        return sum + ((double)block->D * *(float*)(values + ActivationRow.Scale256Offset) * total);
    }

    public static float Total(double sum) => (float)sum;
}

/// <summary>Scales in 16 bits; the values stay in memory.</summary>
internal struct GridWeights256
{
    public unsafe byte* Values;
    public Vector256<short> Scales;
    public float D;
}

/// <summary>AVX2 operator.</summary>
internal unsafe struct Grid256<TType> : IGridOperator<GridWeights256, Vector256<float>>
    where TType : IGridType
{
    public static int PackedBytes => TType.BlockBytes;

    public static int StepColumns => 256;

    public static int StepBytes => sizeof(GridBlock);

    public static ActivationLayout Layout => ActivationLayout.Q8Block256;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(byte* source, GridBlock* blocks, int count)
    {
        for (int i = 0; i < count; i++)
        {
            TType.Unpack(source + (i * PackedBytes), blocks + i);
        }

        // In a loop of its own: a vector read right after the narrower writes of its bytes would wait for them.
        for (int i = 0; TType.HasSigns && i < count; i++)
        {
            GridBlock.ApplySigns256(blocks + i, 1 << TType.BiasShift);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GridWeights256 Load(byte* weights)
    {
        var block = (GridBlock*)weights;
        GridWeights256 w;
        w.Values = block->Values;
        w.Scales = Vector256.Load(block->Scales);
        w.D = block->D;
        return w;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Dot(in GridWeights256 weights, byte* values, byte* scales, Vector256<float> sum)
    {
        Vector128<short> low = weights.Scales.GetLower();
        Vector128<short> high = weights.Scales.GetUpper();
        Vector256<int> dot = Half(weights.Values, (sbyte*)values, Vector256.Create(low, low))
            + Half(weights.Values + 128, (sbyte*)values + 128, Vector256.Create(high, high));
        Vector256<int> bias = Avx2.MultiplyAddAdjacent(weights.Scales, Vector256.Load((short*)(values + ActivationRow.SumsOffset)));
        dot -= Vector256.ShiftLeft(bias, TType.BiasShift);
        float d = *(float*)(values + ActivationRow.Scale256Offset);
        return Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(dot), Vector256.Create(weights.D * d), sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Total(Vector256<float> sum) => Vector256.Sum(sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Half(byte* w, sbyte* a, Vector256<short> scales) =>
        Scaled(w, a, scales, 0) + Scaled(w + 32, a + 32, scales, 2) + Scaled(w + 64, a + 64, scales, 4) + Scaled(w + 96, a + 96, scales, 6);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Scaled(byte* w, sbyte* a, Vector256<short> scales, int g)
    {
        Vector256<byte> index = Vector256.Create(
            Vector128.Create((short)(0x0100 + (0x0202 * g))), Vector128.Create((short)(0x0302 + (0x0202 * g)))).AsByte();
        return Avx2.MultiplyAddAdjacent(
            Avx2.MultiplyAddAdjacent(Vector256.Load(w), Vector256.Load(a)), Avx2.Shuffle(scales.AsByte(), index).AsInt16());
    }
}
