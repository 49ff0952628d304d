using System.Globalization;
using System.Numerics;
using System.Text.Json;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Json.Numbers;

/// <summary>An exact decimal number: <see cref="Mantissa"/> × 10^<see cref="Exponent"/>, the mantissa no multiple of ten.</summary>
internal readonly record struct JsonNumber : IComparable<JsonNumber>
{
    private const int LargestExponent = 1_000;

    /// <summary>A number of this mantissa and exponent.</summary>
    public JsonNumber(BigInteger mantissa, int exponent)
    {
        while (!mantissa.IsZero && BigInteger.DivRem(mantissa, 10, out BigInteger rest) is var tenth && rest.IsZero)
        {
            mantissa = tenth;
            exponent++;
        }

        Mantissa = mantissa;
        Exponent = mantissa.IsZero ? 0 : exponent;
    }

    /// <summary>The significant digits with the sign.</summary>
    public BigInteger Mantissa { get; }

    /// <summary>The power of ten.</summary>
    public int Exponent { get; }

    /// <summary>Whether the number is whole.</summary>
    public bool IsInteger => Exponent >= 0;

    /// <summary>The number with the other sign.</summary>
    public JsonNumber Negated => new(-Mantissa, Exponent);

    /// <summary>The number of a schema.</summary>
    /// <exception cref="GrammarException">Its exponent or its length is beyond what is computed with.</exception>
    public static JsonNumber Of(JsonElement element)
    {
        string text = element.GetRawText();
        int mark = text.AsSpan().IndexOfAny('e', 'E');
        string digits = mark < 0 ? text : text[..mark];
        int exponent = 0;
        bool isSmall = digits.Length <= LargestExponent
            && (mark < 0 || int.TryParse(text.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent))
            && Math.Abs((long)exponent) <= LargestExponent;
        int point = digits.IndexOf('.', StringComparison.Ordinal);
        return isSmall
            ? new JsonNumber(
                BigInteger.Parse(digits.Replace(".", "", StringComparison.Ordinal), CultureInfo.InvariantCulture),
                exponent - (point < 0 ? 0 : digits.Length - point - 1))
            : throw GrammarException.Limit(
                "numbers", $"A number of the schema has more than {LargestExponent} digits, or an exponent beyond {LargestExponent}.");
    }

    /// <summary>The mantissa at a power of ten that is not above the number's own.</summary>
    public BigInteger At(int exponent) => Mantissa * BigInteger.Pow(10, Exponent - exponent);

    /// <inheritdoc/>
    public int CompareTo(JsonNumber other)
    {
        if (Mantissa.Sign != other.Mantissa.Sign)
        {
            return Mantissa.Sign.CompareTo(other.Mantissa.Sign);
        }

        int exponent = Math.Min(Exponent, other.Exponent);
        return At(exponent).CompareTo(other.At(exponent));
    }

    /// <summary>Whether the number is a whole multiple of another one above zero.</summary>
    public bool IsMultipleOf(JsonNumber step)
    {
        int exponent = Math.Min(Exponent, step.Exponent);
        return (At(exponent) % step.At(exponent)).IsZero;
    }

    /// <summary>The least number above zero that is a multiple of both.</summary>
    public static JsonNumber LeastMultiple(JsonNumber a, JsonNumber b)
    {
        int exponent = Math.Min(a.Exponent, b.Exponent);
        (BigInteger x, BigInteger y) = (a.At(exponent), b.At(exponent));
        return new JsonNumber(x / BigInteger.GreatestCommonDivisor(x, y) * y, exponent);
    }
}
