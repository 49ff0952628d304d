using System.Numerics;

namespace LayerStream.Kernels.Tests;

/// <summary>Elementary functions in integers of 2^-240, by their series: what <see cref="ElementaryTests"/> measures errors
/// against.</summary>
internal static class FixedPoint
{
    private const int Bits = 240;
    private static readonly BigInteger s_one = BigInteger.One << Bits;
    private static readonly BigInteger s_ln2 = 2 * InverseTangent(s_one / 3, 1);
    // Machin 1706
    private static readonly BigInteger s_halfPi = (8 * InverseTangent(s_one / 5, -1)) - (2 * InverseTangent(s_one / 239, -1));

    /// <summary>x; exact from 2^-187 on.</summary>
    internal static BigInteger Of(double x)
    {
        long bits = BitConverter.DoubleToInt64Bits(x);
        int exponent = (int)((bits >> 52) & 0x7FF);
        BigInteger mantissa = (bits & 0xFFFFFFFFFFFFF) | (exponent == 0 ? 0 : 1L << 52);
        int shift = Bits + Math.Max(1, exponent) - 1075;
        mantissa = shift >= 0 ? mantissa << shift : mantissa >> -shift;
        return bits < 0 ? -mantissa : mantissa;
    }

    /// <summary>How far a result is from the exact value · 2^scale, in units of the result's last place.</summary>
    internal static double Error(double result, BigInteger exact, long scale = 0)
    {
        double near = Math.ScaleB(result, (int)-scale);
        return (double)BigInteger.Abs(Of(near) - exact) / (double)Of(Math.BitIncrement(Math.Abs(near)) - Math.Abs(near));
    }

    /// <summary>ln x for a normal number.</summary>
    internal static BigInteger Log(double x)
    {
        int k = Math.ILogB(x);
        BigInteger m = Of(Math.ScaleB(x, -k));
        return (k * s_ln2) + (2 * InverseTangent(((m - s_one) << Bits) / (m + s_one), 1));
    }

    /// <summary>e^x as a number from 0.7 to 1.42 and a power of two.</summary>
    internal static BigInteger Exp(BigInteger x, out long scale)
    {
        scale = (long)(((2 * x) + s_ln2) / (2 * s_ln2)) - (x < 0 ? 1 : 0);
        BigInteger r = x - (scale * s_ln2), sum = s_one, term = s_one;
        for (int i = 1; !term.IsZero && i < 200; i++)
        {
            term = ((term * r) >> Bits) / i;
            sum += term;
        }

        return sum;
    }

    internal static (BigInteger Sin, BigInteger Cos) SinCos(double angle)
    {
        BigInteger x = Of(angle), quadrant = BigInteger.Divide((2 * x) + (x.Sign * s_halfPi), 2 * s_halfPi), r = x - (quadrant * s_halfPi);
        BigInteger sin = 0, cos = 0, term = s_one;
        for (int i = 0; i < 120; i++)
        {
            BigInteger signed = i / 2 % 2 == 0 ? term : -term;
            (sin, cos) = i % 2 == 0 ? (sin, cos + signed) : (sin + signed, cos);
            term = ((term * r) >> Bits) / (i + 1);
        }

        return (int)(((quadrant % 4) + 4) % 4) switch
        {
            0 => (sin, cos),
            1 => (cos, -sin),
            2 => (-sin, -cos),
            _ => (-cos, sin),
        };
    }

    /// <summary>t + sign·t³/3 + t⁵/5 + …: the inverse tangent, with a positive sign the hyperbolic one.</summary>
    private static BigInteger InverseTangent(BigInteger t, int sign)
    {
        BigInteger square = sign * ((t * t) >> Bits), power = t, sum = 0;
        for (int i = 1; !power.IsZero && power != -1 && i < 1000; i += 2)
        {
            sum += power / i;
            power = (power * square) >> Bits;
        }

        return sum;
    }
}
