using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>How a plain float type widens to f32.</summary>
internal unsafe interface IFloatLoader
{
    /// <summary>Bytes of one element.</summary>
    static abstract int Bytes { get; }

    static abstract float Load1(byte* source);

    static abstract Vector256<float> Load8(byte* source);

    static abstract Vector512<float> Load16(byte* source);
}

/// <summary>Four vectors of weights.</summary>
internal struct FloatWeights512
{
    public Vector512<float> W0, W1, W2, W3;
}

/// <summary>Eight vectors of weights.</summary>
internal struct FloatWeights256
{
    public Vector256<float> W0, W1, W2, W3, W4, W5, W6, W7;
}

/// <summary>Float dot product, 64 columns a step, AVX-512.</summary>
internal unsafe struct FloatOperator512<TLoader> : IBlockOperator<FloatWeights512, Vector512<float>>
    where TLoader : IFloatLoader
{
    public static int StepColumns => 64;

    public static int StepBytes => 64 * TLoader.Bytes;

    public static ActivationLayout Layout => ActivationLayout.F32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatWeights512 Load(byte* weights)
    {
        FloatWeights512 w;
        w.W0 = TLoader.Load16(weights);
        w.W1 = TLoader.Load16(weights + (16 * TLoader.Bytes));
        w.W2 = TLoader.Load16(weights + (32 * TLoader.Bytes));
        w.W3 = TLoader.Load16(weights + (48 * TLoader.Bytes));
        return w;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Dot(in FloatWeights512 weights, byte* values, byte* scales, Vector512<float> sum)
    {
        return sum + FloatDots512.Step(weights.W0, weights.W1, weights.W2, weights.W3, (float*)values);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Total(Vector512<float> sum) => LaneSums.Total(sum.GetLower() + sum.GetUpper());
}

/// <summary>The same with AVX2 or AdvSimd.</summary>
internal unsafe struct FloatOperator256<TLoader> : IBlockOperator<FloatWeights256, FloatLanes256>
    where TLoader : IFloatLoader
{
    public static int StepColumns => 64;

    public static int StepBytes => 64 * TLoader.Bytes;

    public static ActivationLayout Layout => ActivationLayout.F32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatWeights256 Load(byte* weights)
    {
        FloatWeights256 w;
        w.W0 = TLoader.Load8(weights);
        w.W1 = TLoader.Load8(weights + (8 * TLoader.Bytes));
        w.W2 = TLoader.Load8(weights + (16 * TLoader.Bytes));
        w.W3 = TLoader.Load8(weights + (24 * TLoader.Bytes));
        w.W4 = TLoader.Load8(weights + (32 * TLoader.Bytes));
        w.W5 = TLoader.Load8(weights + (40 * TLoader.Bytes));
        w.W6 = TLoader.Load8(weights + (48 * TLoader.Bytes));
        w.W7 = TLoader.Load8(weights + (56 * TLoader.Bytes));
        return w;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes256 Dot(in FloatWeights256 weights, byte* values, byte* scales, FloatLanes256 sum)
    {
        float* x = (float*)values;
        sum.Low += FloatDots256.Step(weights.W0, weights.W2, weights.W4, weights.W6, x);
        sum.High += FloatDots256.Step(weights.W1, weights.W3, weights.W5, weights.W7, x + 8);
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Total(FloatLanes256 sum) => LaneSums.Total(sum.Low + sum.High);
}

/// <summary>The same without vectors, the definition: sixteen running sums; lane l of a step gets (w₀x₀ ⊕ w₂x₂) + (w₁x₁ ⊕ w₃x₃) of columns
/// l + 16·i, ⊕ fused.</summary>
internal unsafe struct FloatOperatorScalar<TLoader> : IBlockOperator<WeightPointer, FloatLanes16>
    where TLoader : IFloatLoader
{
    public static int StepColumns => 64;

    public static int StepBytes => 64 * TLoader.Bytes;

    public static ActivationLayout Layout => ActivationLayout.F32;

    public static WeightPointer Load(byte* weights) => new() { Block = weights };

    public static FloatLanes16 Dot(in WeightPointer weights, byte* values, byte* scales, FloatLanes16 sum)
    {
        float* x = (float*)values;
        byte* w = weights.Block;
        for (int l = 0; l < 16; l++)
        {
            float a = TLoader.Load1(w + (l * TLoader.Bytes)) * x[l];
            float b = TLoader.Load1(w + ((l + 16) * TLoader.Bytes)) * x[l + 16];
            a = MathF.FusedMultiplyAdd(TLoader.Load1(w + ((l + 32) * TLoader.Bytes)), x[l + 32], a);
            b = MathF.FusedMultiplyAdd(TLoader.Load1(w + ((l + 48) * TLoader.Bytes)), x[l + 48], b);
            sum.Lane[l] += a + b;
        }

        return sum;
    }

    public static float Total(FloatLanes16 sum) => sum.Total;
}
