using System.Runtime.Intrinsics;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>Weights left in memory: operators that unpack as they go.</summary>
internal unsafe struct WeightPointer
{
    public byte* Block;
}

/// <summary>Sixteen running sums of an output, as two vectors.</summary>
internal struct FloatLanes256
{
    public Vector256<float> Low, High;
}

/// <summary>Sixteen running sums of an output.</summary>
internal unsafe struct FloatLanes16
{
    public fixed float Lane[16];

    /// <summary>T_l = S_l + S_(l + 8), then ((T0 + T4) + (T2 + T6)) + ((T1 + T5) + (T3 + T7)).</summary>
    public float Total => (Two(0) + Two(4) + (Two(2) + Two(6))) + (Two(1) + Two(5) + (Two(3) + Two(7)));

    private float Two(int lane) => Lane[lane] + Lane[lane + 8];
}
