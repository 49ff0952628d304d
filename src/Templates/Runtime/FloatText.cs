using System.Globalization;
using System.Numerics;

namespace LayerStream.Templates.Runtime;

/// <summary>Fixed, exponent and general notation as C's printf, correctly rounded from the exact value (half to even).</summary>
internal static class FloatText
{
    /// <summary>Digits with a point: <c>%.{decimals}f</c>.</summary>
    public static string Fixed(double number, int decimals)
    {
        if (!double.IsFinite(number))
        {
            return ValueText.Float(number);
        }

        var (numerator, denominator) = Exact(number);
        string digits = Rounded(numerator * BigInteger.Pow(10, decimals), denominator).ToString(CultureInfo.InvariantCulture);
        digits = digits.PadLeft(decimals + 1, '0');
        return decimals == 0 ? Sign(number) + digits : $"{Sign(number)}{digits[..^decimals]}.{digits[^decimals..]}";
    }

    /// <summary>One digit, the point and an exponent of at least two digits: <c>%.{decimals}e</c>.</summary>
    public static string Exponent(double number, int decimals)
    {
        if (!double.IsFinite(number))
        {
            return ValueText.Float(number);
        }

        var (digits, exponent) = Significant(number, decimals);
        string point = decimals == 0 ? "" : ".";
        return $"{Sign(number)}{digits[..1]}{point}{digits[1..]}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
    }

    /// <summary>Whichever of the two is shorter, without zeros at the end: <c>%.{precision}g</c>.</summary>
    /// <param name="number">Any.</param>
    /// <param name="precision">Significant digits; 0 counts as 1.</param>
    /// <param name="keepsZeros">As <c>%#g</c>.</param>
    /// <param name="keepsPoint">A whole number in fixed notation ends in ".0".</param>
    public static string General(double number, int precision, bool keepsZeros = false, bool keepsPoint = false)
    {
        if (!double.IsFinite(number))
        {
            return ValueText.Float(number);
        }

        precision = Math.Max(1, precision);
        int exponent = Significant(number, precision - 1).Exponent;
        if (exponent >= -4 && exponent < precision - (keepsPoint ? 1 : 0))
        {
            string text = Fixed(number, precision - 1 - exponent);
            text = keepsZeros ? text : WithoutZeros(text);
            return text.Contains('.', StringComparison.Ordinal) ? text : text + (keepsPoint ? ".0" : keepsZeros ? "." : "");
        }

        string scientific = Exponent(number, precision - 1);
        int end = scientific.IndexOf('e', StringComparison.Ordinal);
        return keepsZeros ? scientific : WithoutZeros(scientific[..end]) + scientific[end..];
    }

    private static string Sign(double number) => double.IsNegative(number) ? "-" : "";

    private static string WithoutZeros(string text) =>
        text.Contains('.', StringComparison.Ordinal) ? text.TrimEnd('0').TrimEnd('.') : text;

    // Decimals + 1 digits of the number, and the power of ten of the first.
    private static (string Digits, int Exponent) Significant(double number, int decimals)
    {
        var (numerator, denominator) = Exact(number);
        if (numerator.IsZero)
        {
            return (new string('0', decimals + 1), 0);
        }

        int exponent = (int)Math.Floor(Math.Log10(Math.Abs(number)));
        var leading = Scaled(numerator, denominator, -exponent, BigInteger.Divide);
        exponent += leading.IsZero ? -1 : leading >= 10 ? 1 : 0;
        string digits = Scaled(numerator, denominator, decimals - exponent, Rounded).ToString(CultureInfo.InvariantCulture);
        return digits.Length > decimals + 1 ? (digits[..^1], exponent + 1) : (digits, exponent);
    }

    private static BigInteger Scaled(
        BigInteger numerator, BigInteger denominator, int power, Func<BigInteger, BigInteger, BigInteger> divide) =>
        power >= 0 ? divide(numerator * BigInteger.Pow(10, power), denominator)
            : divide(numerator, denominator * BigInteger.Pow(10, -power));

    // |number| = mantissa · 2^exponent exactly.
    private static (BigInteger Numerator, BigInteger Denominator) Exact(double number)
    {
        long bits = BitConverter.DoubleToInt64Bits(number);
        int exponent = (int)((bits >> 52) & 0x7ff);
        var mantissa = new BigInteger((bits & 0xfffffffffffffL) | (exponent == 0 ? 0 : 1L << 52));
        exponent = Math.Max(exponent, 1) - 1075;
        return (mantissa << Math.Max(exponent, 0), BigInteger.One << Math.Max(-exponent, 0));
    }

    private static BigInteger Rounded(BigInteger numerator, BigInteger denominator)
    {
        var quotient = BigInteger.DivRem(numerator, denominator, out var remainder);
        int half = (remainder << 1).CompareTo(denominator);
        return quotient + (half > 0 || (half == 0 && !quotient.IsEven) ? 1 : 0);
    }
}
