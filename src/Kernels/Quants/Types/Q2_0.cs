using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>Q2_0: 64 elements, <c>d:f16 q:u8[16]</c>, two bits each, y = (v − 1)·d.</summary>
internal unsafe struct Q2_0 : ISignedStep, IByteStep
{
    public static int BlockElements => 64;

    public static int BlockBytes => 18;

    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source);
        for (int j = 0; j < 64; j++)
        {
            destination[j] = (((source[2 + (j >> 2)] >> (2 * (j & 3))) & 3) - 1) * d;
        }
    }

    public static int StepBytes => 18;

    public static int Value(byte* step, int j) => ((step[2 + (j >> 2)] >> (2 * (j & 3))) & 3) - 1;

    public static float Scale(byte* step, int g) => Float16.Read(step);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Values256(byte* step, int half)
    {
        Vector256<uint> q = Avx2.ConvertToVector256Int32(step + 2 + (8 * half)).AsUInt32();
        q |= Vector256.ShiftLeft(q, 6) | Vector256.ShiftLeft(q, 12) | Vector256.ShiftLeft(q, 18);
        return (q.AsByte() & Vector256.Create((byte)3)).AsSByte() - Vector256<sbyte>.One;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scales256(byte* step, int half) => Vector256.Create(Float16.Read(step));

    public static int Bias => 1;

    public static int MostValue => 3;

    public static bool HasOffsets => false;

    /// <summary>Each byte in a word, shifted so that field i falls into byte i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Bytes(byte* step)
    {
        Vector512<uint> q = Avx512F.ConvertToVector512UInt32(Vector128.Load(step + 2));
        q |= Vector512.ShiftLeft(q, 6) | Vector512.ShiftLeft(q, 12) | Vector512.ShiftLeft(q, 18);
        return q.AsByte() & Vector512.Create((byte)3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scales(byte* steps, out Vector256<float> offsets)
    {
        offsets = default;
        return StepScales.HalvesTwice(steps, 18);
    }
}
