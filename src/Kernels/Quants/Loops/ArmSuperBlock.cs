using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>How a type of 256-element blocks with sixteen scales unpacks on ARM64.</summary>
internal unsafe interface IArmSuperBlock
{
    /// <summary>Bytes of a block.</summary>
    static abstract int BlockBytes { get; }

    /// <summary>Whether scaled minimums are taken off.</summary>
    static abstract bool HasMins { get; }

    /// <summary>Signed values of elements 16·g to 16·g + 15; g is a constant.</summary>
    static abstract Vector128<sbyte> Values(byte* block, int g);

    /// <summary>Scales, minimums and their two factors.</summary>
    static abstract ArmSuperWeights Groups(byte* block);
}

/// <summary>Scales and minimums of a block in 16 bits; the values stay in memory.</summary>
internal unsafe struct ArmSuperWeights
{
    public byte* Block;
    public Vector128<short> S0, S1, M0, M1;
    public float D, DMin;
}

/// <summary>ARM64 operator of an <see cref="IArmSuperBlock"/> type.</summary>
internal unsafe struct ArmSuperBlock<T> : IBlockOperator<ArmSuperWeights, Vector128<float>>
    where T : IArmSuperBlock
{
    public static int StepColumns => 256;

    public static int StepBytes => T.BlockBytes;

    public static ActivationLayout Layout => ActivationLayout.Q8Block256;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ArmSuperWeights Load(byte* weights) => T.Groups(weights);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Dot(in ArmSuperWeights weights, byte* values, byte* scales, Vector128<float> sum)
    {
        sbyte* a = (sbyte*)values;
        Vector128<int> dot = Four(weights.Block, a, 0) * Vector128.WidenLower(weights.S0);
        dot = AdvSimd.MultiplyAdd(dot, Four(weights.Block, a, 4), Vector128.WidenUpper(weights.S0));
        dot = AdvSimd.MultiplyAdd(dot, Four(weights.Block, a, 8), Vector128.WidenLower(weights.S1));
        dot = AdvSimd.MultiplyAdd(dot, Four(weights.Block, a, 12), Vector128.WidenUpper(weights.S1));
        float d = *(float*)(values + ActivationRow.Scale256Offset);
        if (T.HasMins)
        {
            Vector128<short> sums0 = Vector128.Load((short*)(values + ActivationRow.SumsOffset));
            Vector128<short> sums1 = Vector128.Load((short*)(values + ActivationRow.SumsOffset) + 8);
            Vector128<int> mins = AdvSimd.MultiplyWideningLower(weights.M0.GetLower(), sums0.GetLower());
            mins = AdvSimd.MultiplyWideningUpperAndAdd(mins, weights.M0, sums0);
            mins = AdvSimd.MultiplyWideningLowerAndAdd(mins, weights.M1.GetLower(), sums1.GetLower());
            mins = AdvSimd.MultiplyWideningUpperAndAdd(mins, weights.M1, sums1);
            sum = Vector128.FusedMultiplyAdd(Vector128.ConvertToSingle(mins), Vector128.Create(-weights.DMin * d), sum);
        }

        return Vector128.FusedMultiplyAdd(Vector128.ConvertToSingle(dot), Vector128.Create(weights.D * d), sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Total(Vector128<float> sum) => Vector128.Sum(sum);

    /// <summary>Products of groups g to g + 3, one lane each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Four(byte* block, sbyte* a, int g) => ArmDot.Totals(
        ArmDot.Add(default, T.Values(block, g), Vector128.Load(a + (16 * g))),
        ArmDot.Add(default, T.Values(block, g + 1), Vector128.Load(a + (16 * g) + 16)),
        ArmDot.Add(default, T.Values(block, g + 2), Vector128.Load(a + (16 * g) + 32)),
        ArmDot.Add(default, T.Values(block, g + 3), Vector128.Load(a + (16 * g) + 48)));
}

/// <summary>Q4_K on ARM64.</summary>
internal unsafe struct ArmQ4_K : IArmSuperBlock
{
    public static int BlockBytes => 144;

    public static bool HasMins => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> Values(byte* block, int g) => ArmNibbles.Select(block + 16 + (32 * (g >> 2)) + (16 * (g & 1)), (g >> 1) & 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ArmSuperWeights Groups(byte* block)
    {
        SixBitScales.Words(block + 4, out ulong scales, out ulong mins);
        Vector128<sbyte> s = Vector128.CreateScalar(scales).AsSByte();
        Vector128<sbyte> m = Vector128.CreateScalar(mins).AsSByte();
        s = AdvSimd.Arm64.ZipLow(s, s);
        m = AdvSimd.Arm64.ZipLow(m, m);
        ArmSuperWeights w;
        w.Block = block;
        (w.S0, w.S1) = Vector128.Widen(s);
        (w.M0, w.M1) = Vector128.Widen(m);
        w.D = Float16.Read(block);
        w.DMin = Float16.Read(block + 2);
        return w;
    }
}

/// <summary>Q6_K on ARM64: values v − 32, so that nothing is taken off.</summary>
internal unsafe struct ArmQ6_K : IArmSuperBlock
{
    public static int BlockBytes => 210;

    public static bool HasMins => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> Values(byte* block, int g)
    {
        int k = (g >> 1) & 3;
        Vector128<sbyte> low = ArmNibbles.Select(block + (64 * (g >> 3)) + (32 * (k & 1)) + (16 * (g & 1)), k >> 1);
        Vector128<byte> high = Vector128.ShiftRightLogical(Vector128.Load(block + 128 + (32 * (g >> 3)) + (16 * (g & 1))), 2 * k);
        return (low | Vector128.ShiftLeft(high & Vector128.Create((byte)3), 4).AsSByte()) - Vector128.Create((sbyte)32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ArmSuperWeights Groups(byte* block)
    {
        ArmSuperWeights w = default;
        w.Block = block;
        (w.S0, w.S1) = Vector128.Widen(Vector128.Load((sbyte*)block + 192));
        w.D = Float16.Read(block + 208);
        return w;
    }
}
