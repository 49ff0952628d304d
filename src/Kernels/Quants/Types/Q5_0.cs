using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>Q5_0: 32 elements, <c>d:f16 qh:u32 q:u8[16]</c>, y = (v − 16)·d.</summary>
internal unsafe struct Q5_0 : ISignedStep, IByteStep
{
    public static int BlockElements => 32;

    public static int BlockBytes => 22;

    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source);
        for (int j = 0; j < 32; j++)
        {
            destination[j] = Value(source, j) * d;
        }
    }

    public static int StepBytes => 22 * 2;

    public static int Value(byte* step, int j)
    {
        byte* block = step + (22 * (j >> 5));
        int i = j & 31;
        return (((block[6 + (i & 15)] >> (i >> 4 << 2)) & 15) | (((block[2 + (i >> 3)] >> (i & 7)) & 1) << 4)) - 16;
    }

    public static float Scale(byte* step, int g) => Float16.Read(step + (22 * (g >> 1)));

    /// <summary>n + 16·bit − 16: the nibble itself where the bit is set, sign-extended where it is clear.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Values256(byte* step, int half)
    {
        byte* block = step + (22 * half);
        Vector256<byte> high = Signs.Mask256(Unsafe.ReadUnaligned<uint>(block + 2));
        return (Nibbles.Split256(block + 6) | Vector256.AndNot(Vector256.Create((byte)0xF0), high)).AsSByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scales256(byte* step, int half) => Vector256.Create(Float16.Read(step + (22 * half)));

    public static int Bias => 16;

    public static int MostValue => 31;

    public static bool HasOffsets => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Bytes(byte* step) => Nibbles.Split512(step + 6, step + 28)
        | (Signs.Mask512(Unsafe.ReadUnaligned<uint>(step + 2), Unsafe.ReadUnaligned<uint>(step + 24)) & Vector512.Create((byte)16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scales(byte* steps, out Vector256<float> offsets)
    {
        offsets = default;
        return StepScales.Halves(steps, 22);
    }
}
