using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>A type of small blocks whose 64-column step unpacks to signed bytes (never −128) and a scale per 16 columns or more.</summary>
internal unsafe interface ISignedStep : IBlockDecoder
{
    /// <summary>Bytes of 64 columns.</summary>
    static abstract int StepBytes { get; }

    /// <summary>Signed value of column <paramref name="j"/> of the step.</summary>
    static abstract int Value(byte* step, int j);

    /// <summary>Scale of columns 16·g to 16·g + 15.</summary>
    static abstract float Scale(byte* step, int g);

    /// <summary>Values of columns 32·half to 32·half + 31.</summary>
    static abstract Vector256<sbyte> Values256(byte* step, int half);

    /// <summary>Scales of the same columns; a lane serves four of them.</summary>
    static abstract Vector256<float> Scales256(byte* step, int half);
}

/// <summary>An <see cref="ISignedStep"/> whose scales serve 16 columns, so that it has AVX-512 steps of its own.</summary>
internal unsafe interface ISignedStep512 : ISignedStep
{
    /// <summary>Values of all 64 columns.</summary>
    static abstract Vector512<sbyte> Values512(byte* step);

    /// <summary>Scales of all columns; a lane serves four of them.</summary>
    static abstract Vector512<float> Scales512(byte* step);
}

/// <summary>Integer operator of an <see cref="ISignedStep"/> type without vectors: oracle and fallback.</summary>
internal unsafe struct SignedStepScalar<T> : IBlockOperator<WeightPointer, double>
    where T : ISignedStep
{
    public static int StepColumns => 64;

    public static int StepBytes => T.StepBytes;

    public static ActivationLayout Layout => ActivationLayout.Q8Block32;

    public static WeightPointer Load(byte* weights) => new() { Block = weights };

    public static double Dot(in WeightPointer weights, byte* values, byte* scales, double sum)
    {
        for (int g = 0; g < 4; g++)
        {
            int dot = 0;
            for (int j = 16 * g; j < 16 * (g + 1); j++)
            {
                dot += T.Value(weights.Block, j) * ((sbyte*)values)[j];
            }

            sum += (double)T.Scale(weights.Block, g) * ((float*)scales)[g >> 1] * dot;
        }

        return sum;
    }

    public static float Total(double sum) => (float)sum;
}

/// <summary>AVX2 operator of an <see cref="ISignedStep"/> type; the products are those of Q8_0.</summary>
internal unsafe struct SignedStep256<T> : IBlockOperator<NibblePair256, Vector256<float>>
    where T : ISignedStep
{
    public static int StepColumns => 64;

    public static int StepBytes => T.StepBytes;

    public static ActivationLayout Layout => ActivationLayout.Q8Block32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NibblePair256 Load(byte* weights)
    {
        NibblePair256 w;
        w.Q0 = T.Values256(weights, 0).AsByte();
        w.Q1 = T.Values256(weights, 1).AsByte();
        w.Scale0 = T.Scales256(weights, 0);
        w.Scale1 = T.Scales256(weights, 1);
        w.Offset0 = 0;
        w.Offset1 = 0;
        return w;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Dot(in NibblePair256 weights, byte* values, byte* scales, Vector256<float> sum) =>
        weights.SignedDot(values, scales, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Total(Vector256<float> sum) => Vector256.Sum(sum);
}

/// <summary>Signed values of 64 columns and their scales.</summary>
internal struct SignedWeights512
{
    public Vector512<sbyte> Q;
    public Vector512<float> Scale;

    /// <summary>Adds the products, those of |w| and a·sign(w), to a sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly unsafe Vector512<float> Dot(byte* values, byte* scales, Vector512<float> sum)
    {
        Vector512<sbyte> a = Vector512.Load((sbyte*)values);
        Vector512<int> dot = Nibbles.Dot(Avx512BW.Abs(Q), Signs.Apply(a, Q));
        Vector512<float> d = Nibbles.SpreadLanes01(Vector128.Load((float*)scales));
        return Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(dot), Scale * d, sum);
    }
}

/// <summary>AVX-512 operator of an <see cref="ISignedStep512"/> type.</summary>
internal unsafe struct SignedStep512<T> : IBlockOperator<SignedWeights512, Vector512<float>>
    where T : ISignedStep512
{
    public static int StepColumns => 64;

    public static int StepBytes => T.StepBytes;

    public static ActivationLayout Layout => ActivationLayout.Q8Block32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SignedWeights512 Load(byte* weights)
    {
        SignedWeights512 w;
        w.Q = T.Values512(weights);
        w.Scale = T.Scales512(weights);
        return w;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Dot(in SignedWeights512 weights, byte* values, byte* scales, Vector512<float> sum) => weights.Dot(values, scales, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Total(Vector512<float> sum) => Vector512.Sum(sum);
}
