using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>IQ4_NL: 32 elements, <c>d:f16 q:u8[16]</c> (split halves), y = d·value(n).</summary>
internal unsafe struct IQ4_NL : ISignedStep, IByteStep
{
    /// <summary><see cref="Values"/> as two little-endian words.</summary>
    public const ulong LowValues = 0xF6EADDCFBFAD9881, HighValues = 0x7159453526190D01;

    public static int BlockElements => 32;

    public static int BlockBytes => 18;

    /// <summary>The sixteen levels, shared with IQ4_XS.</summary>
    public static ReadOnlySpan<sbyte> Values => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source);
        for (int j = 0; j < 16; j++)
        {
            destination[j] = d * Values[source[2 + j] & 15];
            destination[j + 16] = d * Values[source[2 + j] >> 4];
        }
    }

    public static int StepBytes => 18 * 2;

    public static int Value(byte* step, int j) => Values[(step[(18 * (j >> 5)) + 2 + (j & 15)] >> (4 * ((j >> 4) & 1))) & 15];

    public static float Scale(byte* step, int g) => Float16.Read(step + (18 * (g >> 1)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Values256(byte* step, int half) => Signs.Map256(Nibbles.Split256(step + (18 * half) + 2), LowValues, HighValues);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scales256(byte* step, int half) => Vector256.Create(Float16.Read(step + (18 * half)));

    public static int Bias => 128;

    public static int MostValue => 255;

    public static bool HasOffsets => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Bytes(byte* step) =>
        Signs.Map512(Nibbles.Split512(step + 2, step + 20), LowValues, HighValues).AsByte() ^ Vector512.Create((byte)128);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scales(byte* steps, out Vector256<float> offsets)
    {
        offsets = default;
        return StepScales.Halves(steps, 18);
    }
}
