using System.Numerics;

namespace LayerStream.Sampling.Grammars.Json.Numbers;

/// <summary>Which numbers a value may be, and which forms of them may be written.</summary>
/// <param name="range">The bounds.</param>
/// <param name="steps">Numbers it must be a multiple of.</param>
/// <param name="refused">Numbers it must be no multiple of.</param>
/// <param name="allowsInteger">Whether it may be whole.</param>
/// <param name="allowsFraction">Whether it may be not whole.</param>
internal sealed class NumberRule(
    NumberRange range, IReadOnlyList<JsonNumber> steps, IReadOnlyList<JsonNumber> refused, bool allowsInteger, bool allowsFraction)
{
    private const int MostTried = 200;
    private const int LargestShift = 64; // powers of ten tried for an exponent still to come

    private readonly JsonNumber? _step = StepOf(steps, allowsFraction);
    private readonly bool _isFree = range == NumberRange.All && steps.Count == 0 && refused.Count == 0;

    /// <summary>Whether there is such a number.</summary>
    public bool HasNumber => (allowsInteger || allowsFraction) && Has(range);

    /// <summary>Digits in front of the point that can be needed.</summary>
    public int IntegerDigits => Math.Max(Digits(range.Low), Digits(range.High));

    /// <summary>Whether an exponent may be written where texts are made, and not only checked.</summary>
    public bool WritesExponents => _isFree && allowsInteger && allowsFraction;

    /// <summary>Whether the number is allowed.</summary>
    public bool Accepts(JsonNumber number) =>
        (number.IsInteger ? allowsInteger : allowsFraction) && range.Contains(number)
        && steps.All(s => number.IsMultipleOf(s)) && !refused.Any(s => number.IsMultipleOf(s));

    /// <summary>Whether more text can make an allowed number of a beginning of one.</summary>
    /// <param name="text">The beginning.</param>
    /// <param name="anyForm">Whether every way to write a number is allowed, exponents and whole fractions too.</param>
    public bool CanFollow(NumberText text, bool anyForm)
    {
        if (_isFree)
        {
            return text.Place < NumberPlace.Point || anyForm || allowsFraction;
        }

        switch (text.Place)
        {
            case NumberPlace.Sign:
                return new NumberRange(null, false, new JsonNumber(0, 0), false).Intersect(range) is var part && Has(part);
            case >= NumberPlace.Mark:
                return anyForm || WritesExponents;
            case >= NumberPlace.Point when !anyForm && !allowsFraction:
                return false;
            default:
                return anyForm ? ReachesByExponent(text) : Reaches(text);
        }
    }

    private bool Reaches(NumberText text)
    {
        BigInteger low = text.Digits, high = low + 1;
        if (text.Place is NumberPlace.Point or NumberPlace.Fraction || low.IsZero)
        {
            return Meets(text.IsNegative, new JsonNumber(low, -text.FractionDigits), new JsonNumber(high, -text.FractionDigits));
        }

        int most = Math.Max(IntegerDigits, NumberText.WrittenIntegerDigits) - text.IntegerDigits;
        for (int shift = 0; shift <= most; shift++)
        {
            if (Meets(text.IsNegative, new JsonNumber(low, shift), new JsonNumber(high, shift)))
            {
                return true;
            }
        }

        return false;
    }

    private bool ReachesByExponent(NumberText text)
    {
        bool hasSide = (text.IsNegative ? new NumberRange(null, false, new JsonNumber(0, 0), false)
            : new NumberRange(new JsonNumber(0, 0), false, null, false)).Intersect(range).HasMultiple(null);
        if (text.Digits.IsZero || !hasSide || range.Low is null || range.High is null)
        {
            return hasSide;
        }

        for (int shift = -LargestShift; shift <= LargestShift; shift++)
        {
            if (new JsonNumber(text.Digits, shift) is var low && new JsonNumber(text.Digits + 1, shift) is var high
                && Interval(text.IsNegative, low, high).Intersect(range).HasMultiple(null))
            {
                return true;
            }
        }

        return range.Contains(new JsonNumber(0, 0));
    }

    private bool Meets(bool isNegative, JsonNumber low, JsonNumber high) =>
        Has(Interval(isNegative, low, high).Intersect(range));

    private bool Has(NumberRange part)
    {
        if (part.Low is not JsonNumber low || part.High is not JsonNumber high || !part.HasMultiple(_step))
        {
            return part.HasMultiple(_step);
        }

        if (_step is not JsonNumber step)
        {
            return low != high || Accepts(low);
        }

        // Among many multiples some are no multiple of what is refused.
        return (refused.Count == 0 && allowsInteger)
            || part.Multiples(step).Take(MostTried).Select((n, i) => i == MostTried - 1 || Accepts(n)).Any(found => found);
    }

    private static NumberRange Interval(bool isNegative, JsonNumber low, JsonNumber high) => isNegative
        ? new NumberRange(high.Negated, true, low.Negated, false)
        : new NumberRange(low, false, high, true);

    private static JsonNumber? StepOf(IReadOnlyList<JsonNumber> steps, bool allowsFraction)
    {
        JsonNumber? step = allowsFraction ? null : new JsonNumber(1, 0);
        foreach (JsonNumber next in steps)
        {
            step = step is JsonNumber own ? JsonNumber.LeastMultiple(own, next) : next;
        }

        return step;
    }

    private static int Digits(JsonNumber? number) =>
        number is JsonNumber n ? Math.Max(1, BigInteger.Abs(n.Mantissa).ToString().Length + n.Exponent) : 1;
}
