using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Activations;

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
internal struct FloatWeights256
{
    public Vector256<float> W0, W1, W2, W3;
}

/// <summary>Four vectors of weights.</summary>
internal struct FloatWeights512
{
    public Vector512<float> W0, W1, W2, W3;
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
        float* x = (float*)values;
        Vector512<float> a = weights.W0 * Vector512.Load(x);
        Vector512<float> b = weights.W1 * Vector512.Load(x + 16);
        a = Vector512.FusedMultiplyAdd(weights.W2, Vector512.Load(x + 32), a);
        b = Vector512.FusedMultiplyAdd(weights.W3, Vector512.Load(x + 48), b);
        return sum + (a + b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Total(Vector512<float> sum) => Vector512.Sum(sum);
}

/// <summary>Float dot product, 32 columns a step, AVX2.</summary>
internal unsafe struct FloatOperator256<TLoader> : IBlockOperator<FloatWeights256, Vector256<float>>
    where TLoader : IFloatLoader
{
    public static int StepColumns => 32;

    public static int StepBytes => 32 * TLoader.Bytes;

    public static ActivationLayout Layout => ActivationLayout.F32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatWeights256 Load(byte* weights)
    {
        FloatWeights256 w;
        w.W0 = TLoader.Load8(weights);
        w.W1 = TLoader.Load8(weights + (8 * TLoader.Bytes));
        w.W2 = TLoader.Load8(weights + (16 * TLoader.Bytes));
        w.W3 = TLoader.Load8(weights + (24 * TLoader.Bytes));
        return w;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Dot(in FloatWeights256 weights, byte* values, byte* scales, Vector256<float> sum)
    {
        float* x = (float*)values;
        Vector256<float> a = weights.W0 * Vector256.Load(x);
        Vector256<float> b = weights.W1 * Vector256.Load(x + 8);
        a = Vector256.FusedMultiplyAdd(weights.W2, Vector256.Load(x + 16), a);
        b = Vector256.FusedMultiplyAdd(weights.W3, Vector256.Load(x + 24), b);
        return sum + (a + b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Total(Vector256<float> sum) => Vector256.Sum(sum);
}

/// <summary>Float dot product in double precision, one column a step: oracle and fallback.</summary>
internal unsafe struct FloatOperatorScalar<TLoader> : IBlockOperator<float, double>
    where TLoader : IFloatLoader
{
    public static int StepColumns => 1;

    public static int StepBytes => TLoader.Bytes;

    public static ActivationLayout Layout => ActivationLayout.F32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load(byte* weights) => TLoader.Load1(weights);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Dot(in float weights, byte* values, byte* scales, double sum) => sum + ((double)weights * *(float*)values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Total(double sum) => (float)sum;
}
