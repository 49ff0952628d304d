using System.Runtime.Intrinsics;

namespace LayerStream.Kernels;

/// <summary>Weights left in memory: operators that unpack as they go.</summary>
internal unsafe struct WeightPointer
{
    public byte* Block;
}

/// <summary>Two 32-blocks: unsigned nibbles and spread scales (and offsets ÷ 8).</summary>
internal struct NibblePair256
{
    public Vector256<byte> Q0, Q1;
    public Vector256<float> Scale0, Scale1;
    public float Offset0, Offset1;
}
