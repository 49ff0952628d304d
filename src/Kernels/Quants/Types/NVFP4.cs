using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>NVFP4: 64 elements, <c>d:u8[4] q:u8[32]</c>; sub-blocks of 16: y = fp4(n)·U(d), U unsigned E4M3 halved.</summary>
internal unsafe struct NVFP4 : ISignedStep512
{
    public static int BlockElements => 64;

    public static int BlockBytes => 36;

    public static void Decode(byte* source, float* destination)
    {
        for (int s = 0; s < 4; s++)
        {
            float scale = Scale(source[s]);
            for (int j = 0; j < 8; j++)
            {
                int q = source[4 + (8 * s) + j];
                destination[(16 * s) + j] = MXFP4.Values[q & 15] * scale;
                destination[(16 * s) + j + 8] = MXFP4.Values[q >> 4] * scale;
            }
        }
    }

    private static float Scale(byte x)
    {
        if (x is 0 or 0x7F)
        {
            return 0;
        }

        int exponent = (x >> 3) & 15;
        int mantissa = x & 7;
        return exponent == 0 ? mantissa * 0.0009765625f : BitConverter.Int32BitsToSingle(((exponent - 8 + 127) << 23) | (mantissa << 20));
    }

    public static int StepBytes => 36;

    public static int Value(byte* step, int j) => MXFP4.Values[(step[4 + (8 * (j >> 4)) + (j & 7)] >> (4 * ((j >> 3) & 1))) & 15];

    public static float Scale(byte* step, int g) => Scale(step[g]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Values256(byte* step, int half) =>
        Signs.Map256(Vector256.Create(Nibbles16(step, 2 * half), Nibbles16(step, (2 * half) + 1)), MXFP4.LowValues, MXFP4.HighValues);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scales256(byte* step, int half)
    {
        Vector128<float> all = AllScales(step);
        return half == 0
            ? Vector256.Create(Vector128.Create(all[0]), Vector128.Create(all[1]))
            : Vector256.Create(Vector128.Create(all[2]), Vector128.Create(all[3]));
    }

    /// <summary>The low nibbles of the eight bytes of a sub-block come before the high ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<sbyte> Values512(byte* step)
    {
        Vector512<byte> lows = Nibbles.LowThenHigh512(step + 4);
        Vector512<ulong> order = Vector512.Create(0ul, 4, 1, 5, 2, 6, 3, 7);
        return Signs.Map512(Avx512F.PermuteVar8x64(lows.AsUInt64(), order).AsByte(), MXFP4.LowValues, MXFP4.HighValues);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Scales512(byte* step) => Avx512F.PermuteVar16x32(
        AllScales(step).ToVector256Unsafe().ToVector512Unsafe(), Vector512.Create(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Nibbles16(byte* step, int s)
    {
        ulong q = Unsafe.ReadUnaligned<ulong>(step + 4 + (8 * s));
        return Vector128.Create(q, q >> 4).AsByte() & Vector128.Create((byte)15);
    }

    /// <summary>All four U(d): the bits are moved to those of a float and multiplied by 2^119, which also normalises denormals.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> AllScales(byte* step)
    {
        const float Rebias = 6.646139978924579e35f; // 2^119
        Vector128<int> x = Sse41.ConvertToVector128Int32(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<uint>(step)).AsByte());
        Vector128<float> value = Vector128.ShiftLeft(x & Vector128.Create(0x7F), 20).AsSingle() * Vector128.Create(Rebias);
        return Vector128.AndNot(value, Vector128.Equals(x, Vector128.Create(0x7F)).AsSingle());
    }
}
