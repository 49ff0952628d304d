using System.Numerics;
using LayerStream.Templates.Syntax;

namespace LayerStream.Templates.Values;

/// <summary>Integers from digits of any base up to 36.</summary>
internal static class IntegerText
{
    /// <summary>Value of an integer literal of a template: decimal, 0x, 0o or 0b.</summary>
    public static BigInteger ParseLiteral(Token token)
    {
        string text = token.Text;
        int radix = text.Length < 2 ? 10 : char.ToLowerInvariant(text[1]) switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 10 };
        return TryParse(radix == 10 ? text : text[2..], radix, out var number)
            ? number
            : throw new TemplateSyntaxException($"invalid or too large number {token}", token.Line);
    }

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
}
