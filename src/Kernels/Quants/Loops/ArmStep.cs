using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>How a type of 32-element blocks unpacks on ARM64.</summary>
internal unsafe interface IArmBlock
{
    /// <summary>Bytes of a block.</summary>
    static abstract int BlockBytes { get; }

    /// <summary>Whether a constant is added to each element of a block.</summary>
    static abstract bool HasOffset { get; }

    /// <summary>The sixteen elements from 16·half; the scale is the half at the start of the block.</summary>
    static abstract Vector128<sbyte> Values(byte* block, int half);
}

/// <summary>Two 32-blocks.</summary>
internal struct ArmWeights
{
    public Vector128<sbyte> Q0, Q1, Q2, Q3;
    public float Scale0, Scale1, Offset0, Offset1;
}

/// <summary>ARM64 operator of an <see cref="IArmBlock"/> type.</summary>
internal unsafe struct ArmStep<T> : IBlockOperator<ArmWeights, Vector128<float>>
    where T : IArmBlock
{
    public static int StepColumns => 64;

    public static int StepBytes => 2 * T.BlockBytes;

    public static ActivationLayout Layout => ActivationLayout.Q8Block32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ArmWeights Load(byte* weights)
    {
        byte* second = weights + T.BlockBytes;
        ArmWeights w;
        w.Q0 = T.Values(weights, 0);
        w.Q1 = T.Values(weights, 1);
        w.Q2 = T.Values(second, 0);
        w.Q3 = T.Values(second, 1);
        w.Scale0 = Float16.Read(weights);
        w.Scale1 = Float16.Read(second);
        w.Offset0 = T.HasOffset ? Float16.Read(weights + 2) : 0;
        w.Offset1 = T.HasOffset ? Float16.Read(second + 2) : 0;
        return w;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Dot(in ArmWeights weights, byte* values, byte* scales, Vector128<float> sum)
    {
        sbyte* a = (sbyte*)values;
        float* d = (float*)scales;
        Vector128<int> dot0 = ArmDot.Add(ArmDot.Add(default, weights.Q0, Vector128.Load(a)), weights.Q1, Vector128.Load(a + 16));
        Vector128<int> dot1 = ArmDot.Add(ArmDot.Add(default, weights.Q2, Vector128.Load(a + 32)), weights.Q3, Vector128.Load(a + 48));
        sum = Vector128.FusedMultiplyAdd(Vector128.ConvertToSingle(dot0), Vector128.Create(weights.Scale0 * d[0]), sum);
        sum = Vector128.FusedMultiplyAdd(Vector128.ConvertToSingle(dot1), Vector128.Create(weights.Scale1 * d[1]), sum);
        return T.HasOffset ? sum + Vector128.CreateScalar((weights.Offset0 * d[2]) + (weights.Offset1 * d[3])) : sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Total(Vector128<float> sum) => Vector128.Sum(sum);
}

/// <summary>Q8_0 on ARM64.</summary>
internal unsafe struct ArmQ8_0 : IArmBlock
{
    public static int BlockBytes => 34;

    public static bool HasOffset => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> Values(byte* block, int half) => Vector128.Load((sbyte*)block + 2 + (16 * half));
}

/// <summary>Q4_0 on ARM64.</summary>
internal unsafe struct ArmQ4_0 : IArmBlock
{
    public static int BlockBytes => 18;

    public static bool HasOffset => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> Values(byte* block, int half) => ArmNibbles.Select(block + 2, half) - Vector128.Create((sbyte)8);
}

/// <summary>Q4_1 on ARM64.</summary>
internal unsafe struct ArmQ4_1 : IArmBlock
{
    public static int BlockBytes => 20;

    public static bool HasOffset => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> Values(byte* block, int half) => ArmNibbles.Select(block + 4, half);
}

/// <summary>Nibbles of sixteen bytes.</summary>
internal static unsafe class ArmNibbles
{
    /// <summary>The low (0) or high (1) nibbles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> Select(byte* source, int high)
    {
        Vector128<byte> q = Vector128.Load(source);
        return (high == 0 ? q & Vector128.Create((byte)15) : Vector128.ShiftRightLogical(q, 4)).AsSByte();
    }
}
