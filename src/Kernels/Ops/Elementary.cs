using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LayerStream.Kernels.Ops;

/// <summary>
/// Elementary functions in F64 from IEEE additions, products, quotients and fused multiply-adds in a fixed order, because a system's C
/// library answers with bits of its own. Errors are in units in the last place of the result. The series are those of Taylor; coefficients
/// are rounded to nearest. See <c>docs/arithmetic.md</c>.
/// </summary>
public static class Elementary
{
    private const double Ln2High = 0.6931471805599453;
    private const double Ln2Low = 2.3190468138462996e-17;
    private const double Ln2Short = 0.6931471803691238; // 32 bits: exact times an exponent
    private const double Ln2Rest = 1.9082149292705877e-10;
    private const double Log2E = 1.4426950408889634;
    private const double RoundBias = 6755399441055744; // 1.5 · 2^52: adding it leaves round-to-nearest-even of x in the low bits
    private const long RoundBiasBits = 0x4338000000000000;
    private const double ExpUpper = 710; // overflows to infinity
    private const double ExpLower = -746; // rounds to zero
    private const double Smallest = 2.2250738585072014e-308; // normal
    private const double TwoTo54 = 18014398509481984;
    private const long RootHalfBits = 0x3FE6A09E667F3BCD;
    private const double Third = 1.0 / 3;
    private const double ThirdLow = 1.850371707708594e-17;
    private const double TwoOverPi = 0.6366197723675814;
    private const double HalfPi = 1.5707963267948966;
    private const double HalfPi2 = 6.123233995736766e-17;
    private const double HalfPi3 = -1.4973849048591698e-33;
    private const double FarAngle = 1099511627776; // 2^40: below it the reduction is exact enough
    private const double Turn = 2 * HalfPi * 2;
    private const double FarSoftplus = 20; // ln(1 + e^x) is x above and e^x below −FarSoftplus, to F32 accuracy

    /// <summary>e^x within 1 unit; 0 and infinity outside the range, NaN stays NaN.</summary>
    public static double Exp(double x) => Exp(x, 0);

    /// <summary>ln x within 0.51 units; −infinity for 0, NaN below.</summary>
    public static double Log(double x) => x > 0 ? LogParts(x, out _) : x == 0 ? double.NegativeInfinity : double.NaN;

    /// <summary>x^y for x above 0 within 1 unit where the result is a normal number; NaN for every other x.</summary>
    public static double Pow(double x, double y)
    {
        if (!(x > 0))
        {
            return double.NaN;
        }

        double log = LogParts(x, out double low), product = log * y;
        return Exp(product, double.IsFinite(product) ? Math.FusedMultiplyAdd(log, y, -product) + (low * y) : 0);
    }

    /// <summary>
    /// Sine and cosine of an angle in radians, within 1 unit up to 2^40. Beyond, neighbouring numbers are further apart than the values
    /// change by:
    /// the angle is taken modulo the nearest F64 to a turn, which has the same bits everywhere and no other merit.
    /// </summary>
    public static (double Sin, double Cos) SinCos(double angle)
    {
        angle = Math.Abs(angle) > FarAngle ? angle % Turn : angle;
        double biased = Math.FusedMultiplyAdd(angle, TwoOverPi, RoundBias), n = biased - RoundBias;
        double first = Math.FusedMultiplyAdd(-n, HalfPi, angle); // exact
        double product = n * HalfPi2;
        double r = first - product, taken = r - first;
        double low = (first - (r - taken)) - (product + taken); // what the difference lost (Knuth)
        low -= Math.FusedMultiplyAdd(n, HalfPi2, -product) + (n * HalfPi3);
        (double sin, double cos) = SinCosWithin(r, low);
        long quadrant = BitConverter.DoubleToInt64Bits(biased) & 3;
        return quadrant switch
        {
            0 => (sin, cos),
            1 => (cos, -sin),
            2 => (-sin, -cos),
            _ => (-cos, sin),
        };
    }

    /// <summary>
    /// Σ e^(value − shift): eight running sums, value i in sum i mod 8, then sums j and j + 4 are added, then 0 and 1, 2 and 3, and these
    /// two.
    /// </summary>
    public static double ExpSum(ReadOnlySpan<float> values, float shift)
    {
        Vector256<double> low = default, high = default, shifts = Vector256.Create((double)shift);
        int whole = values.Length & -Lanes.Count;
        for (int i = 0; i < whole; i += Lanes.Count)
        {
            (Vector256<double> a, Vector256<double> b) = Vector256.Widen(Vector256.Create(values.Slice(i, Lanes.Count)));
            low += Exp(a - shifts);
            high += Exp(b - shifts);
        }

        for (int i = whole; i < values.Length; i++)
        {
            int lane = i - whole;
            double e = Exp((double)values[i] - shift);
            low = lane < 4 ? low.WithElement(lane, low[lane] + e) : low;
            high = lane < 4 ? high : high.WithElement(lane - 4, high[lane - 4] + e);
        }

        low += high;
        return low[0] + low[1] + (low[2] + low[3]);
    }

    /// <summary>ln(1 + e^x), to F32 accuracy; NaN stays NaN.</summary>
    public static double Softplus(double x) => x > FarSoftplus ? x : x < -FarSoftplus ? Exp(x) : Log(1.0 + Exp(x));

    /// <summary>e^(x + low), |low| below a unit of x: 2^n · e^r with |r| up to ½ ln 2, of which e^r − 1 by its polynomial.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Exp(double x, double low)
    {
        x = x > ExpUpper ? ExpUpper : x;
        x = x < ExpLower ? ExpLower : x;
        double biased = Math.FusedMultiplyAdd(x, Log2E, RoundBias), minusN = RoundBias - biased;
        double first = Math.FusedMultiplyAdd(minusN, Ln2High, x); // exact
        double second = Math.FusedMultiplyAdd(minusN, Ln2Low, first), r = second + low;
        double rest = Math.FusedMultiplyAdd(minusN, Ln2Low, first - second) + (second - r + low);
        double p = 1.0 / 6227020800;
        p = Math.FusedMultiplyAdd(p, r, 1.0 / 479001600);
        p = Math.FusedMultiplyAdd(p, r, 1.0 / 39916800);
        p = Math.FusedMultiplyAdd(p, r, 1.0 / 3628800);
        p = Math.FusedMultiplyAdd(p, r, 1.0 / 362880);
        p = Math.FusedMultiplyAdd(p, r, 1.0 / 40320);
        p = Math.FusedMultiplyAdd(p, r, 1.0 / 5040);
        p = Math.FusedMultiplyAdd(p, r, 1.0 / 720);
        p = Math.FusedMultiplyAdd(p, r, 1.0 / 120);
        p = Math.FusedMultiplyAdd(p, r, 1.0 / 24);
        p = Math.FusedMultiplyAdd(p, r, 1.0 / 6);
        p = Math.FusedMultiplyAdd(p, r, 1.0 / 2);
        double power = 1 + (r + Math.FusedMultiplyAdd(p * r, r, rest));

        // 2^n in two halves: n reaches -1076 and 1024, beyond one exponent field.
        long n = BitConverter.DoubleToInt64Bits(biased) - RoundBiasBits, half = n >> 1;
        return power * BitConverter.Int64BitsToDouble((half + 1023) << 52) * BitConverter.Int64BitsToDouble((n - half + 1023) << 52);
    }

    /// <summary>Four of <see cref="Exp(double)"/>, with the same bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Exp(Vector256<double> x)
    {
        Vector256<double> upper = Vector256.Create(ExpUpper), lower = Vector256.Create(ExpLower), bias = Vector256.Create(RoundBias),
            ln2Low = Vector256.Create(Ln2Low);
        x = Vector256.ConditionalSelect(Vector256.GreaterThan(x, upper), upper, x);
        x = Vector256.ConditionalSelect(Vector256.LessThan(x, lower), lower, x);
        Vector256<double> biased = Vector256.FusedMultiplyAdd(x, Vector256.Create(Log2E), bias), minusN = bias - biased;
        Vector256<double> first = Vector256.FusedMultiplyAdd(minusN, Vector256.Create(Ln2High), x);
        Vector256<double> r = Vector256.FusedMultiplyAdd(minusN, ln2Low, first);
        Vector256<double> rest = Vector256.FusedMultiplyAdd(minusN, ln2Low, first - r);
        Vector256<double> p = Vector256.Create(1.0 / 6227020800);
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1.0 / 479001600));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1.0 / 39916800));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1.0 / 3628800));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1.0 / 362880));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1.0 / 40320));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1.0 / 5040));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1.0 / 720));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1.0 / 120));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1.0 / 24));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1.0 / 6));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1.0 / 2));
        Vector256<double> power = Vector256<double>.One + (r + Vector256.FusedMultiplyAdd(p * r, r, rest));
        // 2046 more than n, so never below 0
        Vector256<ulong> n = biased.AsUInt64() - Vector256.Create((ulong)RoundBiasBits - 2046), half = n >>> 1;
        return power * (half << 52).AsDouble() * ((n - half) << 52).AsDouble();
    }

    /// <summary>
    /// ln x for x above 0, and what its rounding left. x = 2^k · m with m in [√½, √2); ln m = 2s(1 + z/3 + z²/5 + …) with s = (m − 1)/(m +
    /// 1), z = s².
    /// Numbers of two parts carry the quotient, the terms 1 and z/3, and the sum.
    /// </summary>
    private static double LogParts(double x, out double low)
    {
        low = 0;
        if (double.IsPositiveInfinity(x))
        {
            return x;
        }

        bool isSubnormal = x < Smallest;
        long bits = BitConverter.DoubleToInt64Bits(isSubnormal ? x * TwoTo54 : x);
        long k = (bits - RootHalfBits) >> 52;
        double m = BitConverter.Int64BitsToDouble(bits - (k << 52));
        k -= isSubnormal ? 54 : 0;

        double d = m + 1, part = d - m, dLow = (m - (d - part)) + (1 - part);
        double f = m - 1, s = f / d; // f is exact
        double sLow = (Math.FusedMultiplyAdd(-s, d, f) - (s * dLow)) / d;
        double z = s * s, zLow = Math.FusedMultiplyAdd(s, s, -z) + (2 * s * sLow);
        double p = 1.0 / 25;
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 23);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 21);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 19);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 17);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 15);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 13);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 11);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 9);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 7);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 5);
        double w = p * z, u = Third + w, uLow = (Third - u) + w + ThirdLow;
        double v = z * u, vLow = Math.FusedMultiplyAdd(z, u, -v) + ((z * uLow) + (zLow * u));
        double g = 1 + v, gLow = (1 - g) + v + vLow;
        double twice = 2 * s, log = twice * g, logLow = Math.FusedMultiplyAdd(twice, g, -log) + ((twice * gLow) + (2 * sLow * g));

        double exponent = k * Ln2Short; // exact
        double sum = exponent + log;
        part = sum - exponent;
        double sumLow = (exponent - (sum - part)) + (log - part) + Math.FusedMultiplyAdd(k, Ln2Rest, logLow);
        double result = sum + sumLow;
        low = sumLow - (result - sum);
        return result;
    }

    /// <summary>Of r + low, |r| up to π/4 and a trace more.</summary>
    private static (double Sin, double Cos) SinCosWithin(double r, double low)
    {
        double z = r * r;
        double s = 1.0 / 355687428096000; // 17!
        s = Math.FusedMultiplyAdd(s, z, -1.0 / 1307674368000);
        s = Math.FusedMultiplyAdd(s, z, 1.0 / 6227020800);
        s = Math.FusedMultiplyAdd(s, z, -1.0 / 39916800);
        s = Math.FusedMultiplyAdd(s, z, 1.0 / 362880);
        s = Math.FusedMultiplyAdd(s, z, -1.0 / 5040);
        s = Math.FusedMultiplyAdd(s, z, 1.0 / 120);
        s = Math.FusedMultiplyAdd(s, z, -1.0 / 6);
        double c = -1.0 / 6402373705728000; // 18!
        c = Math.FusedMultiplyAdd(c, z, 1.0 / 20922789888000);
        c = Math.FusedMultiplyAdd(c, z, -1.0 / 87178291200);
        c = Math.FusedMultiplyAdd(c, z, 1.0 / 479001600);
        c = Math.FusedMultiplyAdd(c, z, -1.0 / 3628800);
        c = Math.FusedMultiplyAdd(c, z, 1.0 / 40320);
        c = Math.FusedMultiplyAdd(c, z, -1.0 / 720);
        c = Math.FusedMultiplyAdd(c, z, 1.0 / 24);
        double half = 0.5 * z, w = 1 - half;
        double sin = r + Math.FusedMultiplyAdd(r * z, s, low * w);
        double cos = w + (((1 - w) - half) + Math.FusedMultiplyAdd(z * z, c, -(r * low)));
        return (sin, cos);
    }
}
