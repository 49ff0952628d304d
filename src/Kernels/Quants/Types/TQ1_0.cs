using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>TQ1_0: 256 elements, <c>q:u8[48] qh:u8[4] d:f16</c>, five base-3 digits per byte (four in qh), y = t·d.</summary>
internal unsafe struct TQ1_0 : IBlocksOf256
{
    public static int BlockElements => 256;

    public static int BlockBytes => 54;

    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source + 52);
        for (int i = 0; i < 160; i++)
        {
            destination[i] = Digit(source[i & 31], i >> 5) * d;
        }

        for (int i = 0; i < 80; i++)
        {
            destination[160 + i] = Digit(source[32 + (i & 15)], i >> 4) * d;
        }

        for (int i = 0; i < 16; i++)
        {
            destination[240 + i] = Digit(source[48 + (i & 3)], i >> 2) * d;
        }
    }

    private static int Digit(int b, int n)
    {
        ReadOnlySpan<byte> powers = [1, 3, 9, 27, 81];
        return ((((b * powers[n]) & 255) * 3) >> 8) - 1;
    }

    public static BlockForm Form => BlockForm.Biased;

    public static int Bias => 1;

    public static int MostValue => 2;

    public static bool HasWideGroups => true;

    public static int DOffset => 52;

    /// <summary>t + 1, unsigned.</summary>
    public static int Value(byte* block, int i) => 1 + (i < 160 ? Digit(block[i & 31], i >> 5)
        : i < 240 ? Digit(block[32 + (i & 15)], (i - 160) >> 4) : Digit(block[48 + (i & 3)], (i - 240) >> 2));

    public static void Group(byte* block, int g, out int scale, out int min) => (scale, min) = (1, 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> WideGroups(byte* block, out Vector128<short> mins) => mins = Vector128<short>.One;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Groups(byte* block, out Vector256<short> mins)
    {
        mins = Vector256<short>.One;
        return Vector256<short>.One;
    }

    /// <summary>Digit k of the first 32 bytes (k &lt; 5), then two digits each of the next 16, the last with the four bytes of
    /// qh.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Values256(byte* block, int k)
    {
        if (k < 5)
        {
            Vector256<short> power = Vector256.Create((short)Power(k));
            return Digits(Vector256.Load(block), power);
        }

        if (k < 7)
        {
            Vector128<byte> q = Vector128.Load(block + 32);
            Vector256<short> powers = Vector256.Create(Vector128.Create((short)Power((2 * k) - 10)),
                Vector128.Create((short)Power((2 * k) - 9)));
            return Digits(Vector256.Create(q, q), powers);
        }

        Vector128<byte> last = Vector128.Create(Unsafe.ReadUnaligned<uint>(block + 48)).AsByte();
        Vector256<short> mixed = Vector256.Create(81, 81, 81, 81, 81, 81, 81, 81, 1, 1, 3, 3, 9, 9, 27, 27);
        return Digits(Vector256.Create(Vector128.Load(block + 32), last), mixed);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Values512(byte* block, int k) => Vector512.Create(Values256(block, 2 * k), Values256(block, (2 * k) + 1));

    /// <summary>(b·power mod 256)·3 div 256 for each byte: 0 below 86, 1 below 171, else 2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Digits(Vector256<byte> q, Vector256<short> powers)
    {
        Vector256<short> mask = Vector256.Create((short)0x00FF);
        Vector256<short> low = (q.AsInt16() * powers) & mask;
        Vector256<short> high = Vector256.AndNot(q.AsInt16(), mask) * powers;
        Vector256<byte> product = (low | high).AsByte();
        Vector256<byte> first = Vector256.Equals(Vector256.Max(product, Vector256.Create((byte)86)), product);
        Vector256<byte> second = Vector256.Equals(Vector256.Max(product, Vector256.Create((byte)171)), product);
        return Vector256<byte>.Zero - first - second;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Power(int n) => n switch { 0 => 1, 1 => 3, 2 => 9, 3 => 27, _ => 81 };
}
