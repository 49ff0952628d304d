using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>MXFP4: 32 elements, <c>e:u8 q:u8[16]</c> (split halves), y = fp4(n)·2^(e − 128).</summary>
internal unsafe struct MXFP4 : IBlocksOf32
{
    public static int BlockElements => 32;

    public static int BlockBytes => 17;

    /// <summary><see cref="Values"/> as two little-endian words.</summary>
    public const ulong LowValues = 0x0C08060403020100, HighValues = 0xF4F8FAFCFDFEFF00;

    /// <summary>The same, 16 added.</summary>
    private const ulong LowRaised = 0x1C18161413121110, HighRaised = 0x04080A0C0D0E0F10;

    /// <summary>Twice the E2M1 values (index 8 is +0), shared with NVFP4.</summary>
    public static ReadOnlySpan<sbyte> Values => [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

    public static void Decode(byte* source, float* destination)
    {
        float scale = Power(source[0]);
        for (int j = 0; j < 16; j++)
        {
            destination[j] = Values[source[1 + j] & 15] * scale;
            destination[j + 16] = Values[source[1 + j] >> 4] * scale;
        }
    }

    public static int EightBytes => 8 * 17;

    public static int Bias => 16;

    public static int MostValue => 31;

    public static bool HasHalves => true;

    public static bool HasOffsets => false;

    public static int Value(byte* eight, int i) => Values[(eight[(17 * (i >> 5)) + 1 + (i & 15)] >> (4 * ((i >> 4) & 1))) & 15];

    public static float Scale(byte* eight, int block, out float offset)
    {
        offset = 0;
        return Power(eight[17 * block]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Bytes256(byte* eight, int block) =>
        Signs.Map256(Nibbles.Split256(eight + (17 * block) + 1), LowRaised, HighRaised).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Bytes512(byte* eight, int pair) =>
        Signs.Map512(Nibbles.Split512(eight + (34 * pair) + 1, eight + (34 * pair) + 18), LowRaised, HighRaised).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Halves256(byte* eight, int pair, out Vector256<byte> upper) =>
        Signs.MapHalves256(eight + (34 * pair) + 1, 17, LowRaised, HighRaised, out upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Halves512(byte* eight, int four, out Vector512<byte> upper)
    {
        Vector512<byte> lower = Nibbles.Halves512(eight + (68 * four) + 1, 17, out upper);
        upper = Signs.Map512(upper, LowRaised, HighRaised).AsByte();
        return Signs.Map512(lower, LowRaised, HighRaised).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scales(byte* eight, out Vector256<float> offsets)
    {
        offsets = default;
        Vector128<byte> bytes = Vector128.CreateScalar((uint)eight[0]).AsByte().WithElement(1, eight[17]).WithElement(2, eight[34])
            .WithElement(3, eight[51]).WithElement(4, eight[68]).WithElement(5, eight[85]).WithElement(6, eight[102])
            .WithElement(7, eight[119]);
        Vector256<int> e = Vector256.WidenLower(Vector256.WidenLower(bytes.ToVector256Unsafe()).AsInt16());
        Vector256<int> normal = Vector256.ShiftLeft(e, 23) - Vector256.Create(1 << 23);
        return Vector256.Max(normal, Vector256.ShiftLeft(e, 21) + Vector256.Create(1 << 21)).AsSingle(); // 2^-128 and 2^-127 are denormal
    }

    /// <summary>2^(e − 128), denormal for e &lt; 2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Power(uint e) => BitConverter.UInt32BitsToSingle(e < 2 ? 0x00200000u << (int)e : (e - 1) << 23);
}
