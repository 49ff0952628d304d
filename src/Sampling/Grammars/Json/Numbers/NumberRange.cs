using System.Numerics;

namespace LayerStream.Sampling.Grammars.Json.Numbers;

/// <summary>Numbers between two bounds; null = none on that side.</summary>
internal readonly record struct NumberRange(JsonNumber? Low, bool LowIsOpen, JsonNumber? High, bool HighIsOpen)
{
    /// <summary>Every number.</summary>
    public static NumberRange All { get; } = new(null, false, null, false);

    /// <summary>The numbers of both.</summary>
    public NumberRange Intersect(NumberRange other)
    {
        NumberRange result = this;
        if (other.Low is JsonNumber low)
        {
            int order = Low is JsonNumber own ? low.CompareTo(own) : 1;
            result = order > 0 ? result with { Low = low, LowIsOpen = other.LowIsOpen }
                : order == 0 ? result with { LowIsOpen = LowIsOpen || other.LowIsOpen } : result;
        }

        if (other.High is JsonNumber high)
        {
            int order = High is JsonNumber own ? high.CompareTo(own) : -1;
            result = order < 0 ? result with { High = high, HighIsOpen = other.HighIsOpen }
                : order == 0 ? result with { HighIsOpen = HighIsOpen || other.HighIsOpen } : result;
        }

        return result;
    }

    /// <summary>Whether the number is one of them.</summary>
    public bool Contains(JsonNumber number)
    {
        int low = Low is JsonNumber l ? number.CompareTo(l) : 1, high = High is JsonNumber h ? number.CompareTo(h) : -1;
        return (low > 0 || (low == 0 && !LowIsOpen)) && (high < 0 || (high == 0 && !HighIsOpen));
    }

    /// <summary>Whether there is a number, or a multiple of <paramref name="step"/>, between the bounds.</summary>
    public bool HasMultiple(JsonNumber? step)
    {
        if (Low is not JsonNumber low || High is not JsonNumber high)
        {
            return true;
        }

        if (step is not JsonNumber s)
        {
            int order = low.CompareTo(high);
            return order < 0 || (order == 0 && !LowIsOpen && !HighIsOpen);
        }

        return Multiples(s).Any();
    }

    /// <summary>The multiples of a number above zero between the bounds, of which there must be two, from the lower on.</summary>
    public IEnumerable<JsonNumber> Multiples(JsonNumber step)
    {
        (JsonNumber low, JsonNumber high) = (Low!.Value, High!.Value);
        int exponent = Math.Min(Math.Min(low.Exponent, high.Exponent), step.Exponent);
        (BigInteger from, BigInteger to, BigInteger unit) = (low.At(exponent), high.At(exponent), step.At(exponent));
        BigInteger quotient = BigInteger.DivRem(from, unit, out BigInteger rest);
        BigInteger next = (rest.IsZero && !LowIsOpen) || rest.Sign < 0 ? quotient * unit : (quotient + 1) * unit;
        for (; next < to || (next == to && !HighIsOpen); next += unit)
        {
            yield return new JsonNumber(next, exponent);
        }
    }
}
