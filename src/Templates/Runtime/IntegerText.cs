using System.Globalization;
using System.Numerics;
using System.Text;

namespace LayerStream.Templates.Runtime;

/// <summary>Integers from digits of any base up to 36.</summary>
internal static class IntegerText
{
    /// <summary>Value of the digits after an optional sign; false when it is none or too large.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, int radix, out BigInteger number)
    {
        number = BigInteger.Zero;
        bool negative = text.StartsWith("-");
        if (negative || text.StartsWith("+"))
        {
            text = text[1..];
        }

        if (text.IsEmpty || text.Length > 4300)
        {
            return false;
        }

        foreach (char c in text)
        {
            int digit = char.IsAsciiDigit(c) ? c - '0' : char.IsAsciiLetter(c) ? char.ToLowerInvariant(c) - 'a' + 10 : 99;
            if (digit >= radix)
            {
                return false;
            }

            number = (number * radix) + digit;
        }

        number = negative ? -number : number;
        return number.GetBitLength() <= TemplateLimits.IntegerBits;
    }

    /// <summary>Digits of a number that is not negative, in a base up to 16, lower case.</summary>
    public static string Digits(BigInteger number, int radix)
    {
        if (radix == 10)
        {
            return number.ToString(CultureInfo.InvariantCulture);
        }

        var builder = new StringBuilder();
        do
        {
            number = BigInteger.DivRem(number, radix, out var digit);
            builder.Append("0123456789abcdef"[(int)digit]);
        }
        while (!number.IsZero);

        char[] digits = builder.ToString().ToCharArray();
        Array.Reverse(digits);
        return new string(digits);
    }
}
