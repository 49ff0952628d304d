using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LayerStream.Kernels.Ops;

/// <summary>
/// Eight F32 lanes and their scalar twins. A twin does the same operations in the same order, so that an element has the same
/// bits whether it falls into a vector or into the tail after it.
/// </summary>
internal static unsafe class Lanes
{
    public const int Count = 8;

    // exp(x) = 2^n * e^r, n = round(x / ln 2), r = x - n ln 2 in [-0.347, 0.347], e^r by its Taylor polynomial (remainder 5e-9).
    private const float Log2E = 1.44269504f;
    private const float RoundBias = 12582912f; // 1.5 * 2^23: adding it leaves round-to-nearest of x in the low mantissa bits
    private const int RoundBiasBits = 0x4B400000;
    private const float Ln2High = 0.693359375f; // few bits: n * Ln2High is exact
    private const float Ln2Low = -2.12194440e-4f;
    private const float ExpUpper = 89f; // overflows to infinity
    private const float ExpLower = -105f; // rounds to zero
    private const float C2 = 1f / 2;
    private const float C3 = 1f / 6;
    private const float C4 = 1f / 24;
    private const float C5 = 1f / 120;
    private const float C6 = 1f / 720;
    private const float C7 = 1f / 5040;

    /// <summary>a * b + c, rounded once: element by element where the processor has no such instruction.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) =>
        Vector256.FusedMultiplyAdd(a, b, c);

    /// <summary>Scalar twin.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MultiplyAdd(float a, float b, float c) => MathF.FusedMultiplyAdd(a, b, c);

    /// <summary>e^x, relative error below 2e-7; 0 and infinity outside the range, NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Exp(Vector256<float> x)
    {
        Vector256<float> upper = Vector256.Create(ExpUpper);
        Vector256<float> lower = Vector256.Create(ExpLower);
        x = Vector256.ConditionalSelect(Vector256.GreaterThan(x, upper), upper, x);
        x = Vector256.ConditionalSelect(Vector256.LessThan(x, lower), lower, x);
        Vector256<float> biased = MultiplyAdd(x, Vector256.Create(Log2E), Vector256.Create(RoundBias));
        Vector256<int> n = biased.AsInt32() - Vector256.Create(RoundBiasBits);
        Vector256<float> minusN = Vector256.Create(RoundBias) - biased;
        Vector256<float> r = MultiplyAdd(minusN, Vector256.Create(Ln2High), x);
        r = MultiplyAdd(minusN, Vector256.Create(Ln2Low), r);
        Vector256<float> p = MultiplyAdd(Vector256.Create(C7), r, Vector256.Create(C6));
        p = MultiplyAdd(p, r, Vector256.Create(C5));
        p = MultiplyAdd(p, r, Vector256.Create(C4));
        p = MultiplyAdd(p, r, Vector256.Create(C3));
        p = MultiplyAdd(p, r, Vector256.Create(C2));
        p = MultiplyAdd(p, r, Vector256<float>.One);
        p = MultiplyAdd(p, r, Vector256<float>.One);

        // 2^n in two halves: n reaches -151 and 128, beyond one exponent field.
        Vector256<int> low = n >> 1;
        Vector256<int> bias = Vector256.Create(127);
        return p * ((low + bias) << 23).AsSingle() * ((n - low + bias) << 23).AsSingle();
    }

    /// <summary>Scalar twin.</summary>
    public static float Exp(float x)
    {
        x = x > ExpUpper ? ExpUpper : x;
        x = x < ExpLower ? ExpLower : x;
        float biased = MultiplyAdd(x, Log2E, RoundBias);
        int n = BitConverter.SingleToInt32Bits(biased) - RoundBiasBits;
        float minusN = RoundBias - biased;
        float r = MultiplyAdd(minusN, Ln2High, x);
        r = MultiplyAdd(minusN, Ln2Low, r);
        float p = MultiplyAdd(C7, r, C6);
        p = MultiplyAdd(p, r, C5);
        p = MultiplyAdd(p, r, C4);
        p = MultiplyAdd(p, r, C3);
        p = MultiplyAdd(p, r, C2);
        p = MultiplyAdd(p, r, 1f);
        p = MultiplyAdd(p, r, 1f);
        int low = n >> 1;
        return p * BitConverter.Int32BitsToSingle((low + 127) << 23) * BitConverter.Int32BitsToSingle((n - low + 127) << 23);
    }

    /// <summary>Sum of the lanes in a fixed order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector256<float> x)
    {
        Vector128<float> s = x.GetLower() + x.GetUpper();
        s += Vector128.Shuffle(s, Vector128.Create(2, 3, 0, 1));
        return s.GetElement(0) + s.GetElement(1);
    }

    /// <summary>The four <see cref="Sum"/>s, each in its order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Sums(Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d)
    {
        if (!Sse.IsSupported)
        {
            return Vector128.Create(Sum(a), Sum(b), Sum(c), Sum(d));
        }

        Vector128<float> a4 = a.GetLower() + a.GetUpper(), b4 = b.GetLower() + b.GetUpper();
        Vector128<float> c4 = c.GetLower() + c.GetUpper(), d4 = d.GetLower() + d.GetUpper();
        Vector128<float> ab = Sse.MoveLowToHigh(a4, b4) + Sse.MoveHighToLow(b4, a4);
        Vector128<float> cd = Sse.MoveLowToHigh(c4, d4) + Sse.MoveHighToLow(d4, c4);
        return Sse.Shuffle(ab, cd, 0b10_00_10_00) + Sse.Shuffle(ab, cd, 0b11_01_11_01);
    }

    /// <summary>The <see cref="Sum"/>s of a … d, then those of e … h, each in its order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Sums(
        Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d,
        Vector256<float> e, Vector256<float> f, Vector256<float> g, Vector256<float> h)
    {
        if (!Avx.IsSupported)
        {
            return Vector256.Create(Sums(a, b, c, d), Sums(e, f, g, h));
        }

        Vector256<float> ae = Avx.Blend(a, e, 0xF0) + Avx.Permute2x128(a, e, 0x21); // halves of a, halves of e
        Vector256<float> bf = Avx.Blend(b, f, 0xF0) + Avx.Permute2x128(b, f, 0x21);
        Vector256<float> cg = Avx.Blend(c, g, 0xF0) + Avx.Permute2x128(c, g, 0x21);
        Vector256<float> dh = Avx.Blend(d, h, 0xF0) + Avx.Permute2x128(d, h, 0x21);
        Vector256<float> first = Avx.UnpackLow(ae.AsDouble(), bf.AsDouble()).AsSingle()
            + Avx.UnpackHigh(ae.AsDouble(), bf.AsDouble()).AsSingle();
        Vector256<float> second = Avx.UnpackLow(cg.AsDouble(), dh.AsDouble()).AsSingle()
            + Avx.UnpackHigh(cg.AsDouble(), dh.AsDouble()).AsSingle();
        return Avx.Shuffle(first, second, 0b10_00_10_00) + Avx.Shuffle(first, second, 0b11_01_11_01);
    }

    /// <summary>The largest lane; NaN wins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Max(Vector256<float> x)
    {
        Vector128<float> m = Vector128.Max(x.GetLower(), x.GetUpper());
        m = Vector128.Max(m, Vector128.Shuffle(m, Vector128.Create(2, 3, 0, 1)));
        return MathF.Max(m.GetElement(0), m.GetElement(1));
    }

    /// <summary>Eight halves to F32, exact; NaN payloads are kept.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadHalf(ushort* source)
    {
        Vector256<int> h = Widen((short*)source);
        Vector256<int> special = Vector256.Equals(h & Vector256.Create(0x7C00), Vector256.Create(0x7C00));
        return (Finite(h).AsInt32() | (special & Vector256.Create(0x7F800000))).AsSingle();
    }

    /// <summary>As <see cref="LoadHalf"/>, of halves that are neither infinite nor NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadFiniteHalf(ushort* source) => Finite(Widen((short*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Widen(short* source) => Avx2.IsSupported
        ? Avx2.ConvertToVector256Int32(source) // in one instruction with the load
        : Vector256.WidenLower(Vector128.Load(source).ToVector256Unsafe());

    /// <summary>The exponent of a half, widened to 17 bits of sign, read as that of an F32 is 112 too small: one exact product corrects
    /// normals and subnormals alike.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Finite(Vector256<int> half) =>
        ((half << 13) & Vector256.Create(unchecked((int)0x8FFFE000))).AsSingle()
            * Vector256.Create(BitConverter.UInt32BitsToSingle(0x77800000));

    /// <summary>Eight F32 to halves, round to nearest even, overflow to infinity, every NaN to the quiet NaN of its sign.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreHalf(Vector256<float> x, ushort* destination)
    {
        const uint FirstNormal = 113u << 23; // 2^-14
        const uint FirstInfinite = 143u << 23; // 2^16
        const uint SubnormalMagic = 126u << 23; // 0.5: its last mantissa bit weighs 2^-24, as a half's subnormals do
        Vector256<uint> bits = x.AsUInt32();
        Vector256<uint> sign = bits & Vector256.Create(0x80000000u);
        Vector256<uint> a = bits ^ sign;
        Vector256<uint> odd = (a >> 13) & Vector256<uint>.One;
        Vector256<uint> normal = (a + Vector256.Create(0xC8000FFFu) + odd) >> 13; // rebias the exponent, round half to even
        Vector256<uint> magic = Vector256.Create(SubnormalMagic);
        Vector256<uint> subnormal = (a.AsSingle() + magic.AsSingle()).AsUInt32() - magic;
        Vector256<uint> nan = Vector256.GreaterThan(a.AsInt32(), Vector256.Create(0x7F800000)).AsUInt32();
        Vector256<uint> infinite = Vector256.Create(0x7C00u) | (nan & Vector256.Create(0x0200u));
        Vector256<uint> result = Vector256.ConditionalSelect(
            Vector256.LessThan(a.AsInt32(), Vector256.Create((int)FirstNormal)).AsUInt32(), subnormal, normal);
        result = Vector256.ConditionalSelect(
            Vector256.LessThan(a.AsInt32(), Vector256.Create((int)FirstInfinite)).AsUInt32(), result, infinite);
        result |= sign >> 16;
        Vector128.Narrow(result.GetLower(), result.GetUpper()).Store(destination);
    }
}
