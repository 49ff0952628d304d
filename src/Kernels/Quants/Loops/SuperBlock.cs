using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>What is taken off the scaled products of a super-block.</summary>
internal enum SuperBlockForm
{
    /// <summary>Nothing: the values are signed (never −128).</summary>
    Signed,

    /// <summary>Σ min·Σa with the products' own scale: unsigned values that stand for signed ones.</summary>
    Biased,

    /// <summary>Σ min·Σa with a second scale.</summary>
    Minimums,
}

/// <summary>
/// A type of 256-element blocks that unpacks to bytes with a 16-bit scale and minimum per 16 elements:
/// Σ w·a = d·Σ scale·Σ v·a − dMin·Σ min·Σa.
/// </summary>
internal unsafe interface ISuperBlock : IBlockDecoder
{
    /// <summary>Meaning of values and minimums.</summary>
    static abstract SuperBlockForm Form { get; }

    /// <summary>Largest value, or magnitude of the signed form.</summary>
    static abstract int MostValue { get; }

    /// <summary>Value of element <paramref name="i"/>.</summary>
    static abstract int Value(byte* block, int i);

    /// <summary>Scale and minimum of elements 16·g to 16·g + 15.</summary>
    static abstract void Group(byte* block, int g, out int scale, out int min);

    /// <summary>Where the scale of the block is, a half; that of the minimums follows it (the form <see cref="SuperBlockForm.Minimums"/> only).</summary>
    static abstract int DOffset { get; }

    /// <summary>All sixteen scales and minimums.</summary>
    static abstract Vector256<short> Groups(byte* block, out Vector256<short> mins);

    /// <summary>Values of elements 32·k to 32·k + 31; k is a constant.</summary>
    static abstract Vector256<byte> Values256(byte* block, int k);

    /// <summary>Values of elements 64·k to 64·k + 63; k is a constant.</summary>
    static abstract Vector512<byte> Values512(byte* block, int k);
}

/// <summary>Integer operator of an <see cref="ISuperBlock"/> type without vectors: oracle and fallback.</summary>
internal unsafe struct SuperBlockScalar<T> : IBlockOperator<WeightPointer, double>
    where T : ISuperBlock
{
    public static int StepColumns => 256;

    public static int StepBytes => T.BlockBytes;

    public static ActivationLayout Layout => ActivationLayout.Q8Block256;

    public static WeightPointer Load(byte* weights) => new() { Block = weights };

    public static double Dot(in WeightPointer weights, byte* values, byte* scales, double sum)
    {
        int total = 0;
        int mins = 0;
        for (int g = 0; g < 16; g++)
        {
            int dot = 0;
            for (int i = 16 * g; i < 16 * (g + 1); i++)
            {
                dot += T.Value(weights.Block, i) * ((sbyte*)values)[i];
            }

            T.Group(weights.Block, g, out int scale, out int min);
            total += scale * dot;
            mins += min * ((short*)(values + ActivationRow.SumsOffset))[g];
        }

        double d = Float16.Read(weights.Block + T.DOffset);
        double product = T.Form == SuperBlockForm.Minimums ? (d * total) - ((double)Float16.Read(weights.Block + T.DOffset + 2) * mins) : d * (total - mins);
        return sum + (*(float*)(values + ActivationRow.Scale256Offset) * product);
    }

    public static float Total(double sum) => (float)sum;
}

/// <summary>Unpacked values, scales and minimums.</summary>
internal struct SuperWeights256
{
    public Vector256<byte> Q0, Q1, Q2, Q3, Q4, Q5, Q6, Q7;
    public Vector256<short> Scales, Mins;
    public float D, DMin;
}

/// <summary>AVX2 operator of an <see cref="ISuperBlock"/> type.</summary>
internal unsafe struct SuperBlock256<T> : IBlockOperator<SuperWeights256, Vector256<float>>
    where T : ISuperBlock
{
    public static int StepColumns => 256;

    public static int StepBytes => T.BlockBytes;

    public static ActivationLayout Layout => ActivationLayout.Q8Block256;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SuperWeights256 Load(byte* weights)
    {
        SuperWeights256 w;
        w.Q0 = T.Values256(weights, 0);
        w.Q1 = T.Values256(weights, 1);
        w.Q2 = T.Values256(weights, 2);
        w.Q3 = T.Values256(weights, 3);
        w.Q4 = T.Values256(weights, 4);
        w.Q5 = T.Values256(weights, 5);
        w.Q6 = T.Values256(weights, 6);
        w.Q7 = T.Values256(weights, 7);
        w.Scales = T.Groups(weights, out w.Mins);
        w.D = Float16.Read(weights + T.DOffset);
        w.DMin = T.Form == SuperBlockForm.Minimums ? Float16.Read(weights + T.DOffset + 2) : 0;
        return w;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Dot(in SuperWeights256 weights, byte* values, byte* scales, Vector256<float> sum)
    {
        sbyte* a = (sbyte*)values;
        Vector256<short> low = Vector256.Create(weights.Scales.GetLower(), weights.Scales.GetLower());
        Vector256<short> high = Vector256.Create(weights.Scales.GetUpper(), weights.Scales.GetUpper());
        Vector256<int> dot = Scaled(weights.Q0, a, low, 0) + Scaled(weights.Q1, a + 32, low, 2)
            + Scaled(weights.Q2, a + 64, low, 4) + Scaled(weights.Q3, a + 96, low, 6);
        dot += Scaled(weights.Q4, a + 128, high, 0) + Scaled(weights.Q5, a + 160, high, 2)
            + Scaled(weights.Q6, a + 192, high, 4) + Scaled(weights.Q7, a + 224, high, 6);
        float d = *(float*)(values + ActivationRow.Scale256Offset);
        if (T.Form != SuperBlockForm.Signed)
        {
            Vector256<int> mins = Avx2.MultiplyAddAdjacent(weights.Mins, Vector256.Load((short*)(values + ActivationRow.SumsOffset)));
            if (T.Form == SuperBlockForm.Biased)
            {
                dot -= mins;
            }
            else
            {
                sum = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(mins), Vector256.Create(-weights.DMin * d), sum);
            }
        }

        return Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(dot), Vector256.Create(weights.D * d), sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Total(Vector256<float> sum) => Vector256.Sum(sum);

    /// <summary>Products with scales g and g + 1 (g a constant) of the eight in each half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Scaled(Vector256<byte> v, sbyte* values, Vector256<short> scales, int g)
    {
        const long Each = 0x0202020202020202;
        const long First = 0x0100010001000100;
        Vector256<byte> index = Vector256.Create(First + (Each * g), First + (Each * g), First + (Each * (g + 1)), First + (Each * (g + 1))).AsByte();
        Vector256<sbyte> a = Vector256.Load(values);
        Vector256<short> pairs = T.Form == SuperBlockForm.Signed
            ? Avx2.MultiplyAddAdjacent(Avx2.Abs(v.AsSByte()), Avx2.Sign(a, v.AsSByte()))
            : Avx2.MultiplyAddAdjacent(v, a);
        return Avx2.MultiplyAddAdjacent(pairs, Avx2.Shuffle(scales.AsByte(), index).AsInt16());
    }
}
