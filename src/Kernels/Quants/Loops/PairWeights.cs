using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

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

    /// <summary>Adds the products of signed weights: those of |w| and a·sign(w), which stay in 16 bits because a is never −128.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly unsafe Vector256<float> SignedDot(byte* values, byte* scales, Vector256<float> sum)
    {
        float* d = (float*)scales;
        Vector256<sbyte> w0 = Q0.AsSByte();
        Vector256<sbyte> w1 = Q1.AsSByte();
        Vector256<int> dot0 = Nibbles.Dot(Avx2.Abs(w0), Avx2.Sign(Vector256.Load((sbyte*)values), w0));
        Vector256<int> dot1 = Nibbles.Dot(Avx2.Abs(w1), Avx2.Sign(Vector256.Load((sbyte*)values + 32), w1));
        sum = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(dot0), Scale0 * Vector256.Create(d[0]), sum);
        return Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(dot1), Scale1 * Vector256.Create(d[1]), sum);
    }
}
