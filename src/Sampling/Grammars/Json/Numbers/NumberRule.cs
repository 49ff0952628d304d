using System.Numerics;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Json.Numbers;

/// <summary>Which numbers a value may be, and which forms of them may be written.</summary>
internal sealed class NumberRule
{
    private const int MostTried = 200;
    private const int MostDigits = 2_000; // of a least common multiple

    private static readonly JsonNumber s_zero = new(0, 0);
    private static readonly JsonNumber s_one = new(1, 0);

    private readonly NumberRange _range;
    private readonly IReadOnlyList<JsonNumber> _steps;
    private readonly JsonNumber[] _refused; // one, too, where the number is not whole
    private readonly bool _allowsInteger;
    private readonly bool _allowsFraction;
    private readonly JsonNumber? _step;
    private readonly JsonNumber _writtenStep; // every number that is written is a multiple of it
    private readonly bool _isFree;

    /// <summary>Works out what holds together.</summary>
    /// <param name="range">The bounds.</param>
    /// <param name="steps">Numbers it must be a multiple of.</param>
    /// <param name="refused">Numbers it must be no multiple of.</param>
    /// <param name="allowsInteger">Whether it may be whole.</param>
    /// <param name="allowsFraction">Whether it may be not whole.</param>
    /// <exception cref="GrammarException">Multiples of all the numbers are too long to compute with.</exception>
    public NumberRule(
        NumberRange range, IReadOnlyList<JsonNumber> steps, IReadOnlyList<JsonNumber> refused, bool allowsInteger, bool allowsFraction)
    {
        (_range, _steps, _allowsInteger, _allowsFraction) = (range, steps, allowsInteger, allowsFraction);
        _refused = allowsInteger ? [.. refused] : [.. refused, s_one];
        _step = Common(allowsFraction ? steps : [.. steps, s_one]);
        _isFree = range == NumberRange.All && steps.Count == 0 && refused.Count == 0;
        JsonNumber[] all = [.. steps, .. _refused];
        int integers = Math.Max(Math.Max(Digits(range.Low), Digits(range.High)), all.Length == 0 ? 1 : Digits(Common(all)));
        IntegerDigits = Math.Max(NumberText.WrittenIntegerDigits, integers + 1);
        FractionDigits = Math.Max(NumberText.WrittenFractionDigits, 2 + all.Concat(new[] { range.Low, range.High }.OfType<JsonNumber>())
            .Select(n => -n.Exponent).DefaultIfEmpty(0).Max());
        _writtenStep = Common([_step ?? new JsonNumber(1, -FractionDigits), new JsonNumber(1, -FractionDigits)])!.Value;
    }

    /// <summary>Whether there is such a number.</summary>
    public bool HasNumber => (_allowsInteger || _allowsFraction) && Has(_range, _step);

    /// <summary>How many such numbers there are, up to a limit.</summary>
    public int CountUpTo(int limit) => _step is JsonNumber step && _range.Low is not null && _range.High is not null
        ? !_range.HasMultiple(null) ? 0 : _range.Multiples(step).Where(Accepts).Take(limit).Count()
        : limit;

    /// <summary>Digits in front of the point that are written at most.</summary>
    public int IntegerDigits { get; }

    /// <summary>Digits behind it.</summary>
    public int FractionDigits { get; }

    /// <summary>Whether an exponent may be written where texts are made, and not only checked.</summary>
    public bool WritesExponents => _isFree && _allowsInteger && _allowsFraction;

    /// <summary>Whether the number is allowed.</summary>
    public bool Accepts(JsonNumber number) =>
        (number.IsInteger ? _allowsInteger : _allowsFraction) && _range.Contains(number)
        && _steps.All(s => number.IsMultipleOf(s)) && !Array.Exists(_refused, s => number.IsMultipleOf(s));

    /// <summary>Whether more text can make an allowed number of a beginning of one.</summary>
    /// <param name="text">The beginning.</param>
    /// <param name="anyForm">Whether every way to write a number is allowed, exponents and whole fractions too.</param>
    public bool CanFollow(NumberText text, bool anyForm)
    {
        if (_isFree && _allowsInteger && (_allowsFraction || !anyForm))
        {
            return text.Place < NumberPlace.Point || _allowsFraction;
        }

        if (text.Place >= NumberPlace.Mark)
        {
            return anyForm ? ReachesInExponent(text) : WritesExponents;
        }

        return anyForm ? ReachesByExponent(text)
            : (text.Place < NumberPlace.Point || _allowsFraction)
                && (text.Place == NumberPlace.Sign ? HasSide(text.IsNegative, _writtenStep) : Reaches(text));
    }

    private bool Reaches(NumberText text)
    {
        BigInteger low = text.Digits, high = low + 1;
        if (text.Place is NumberPlace.Point or NumberPlace.Fraction || low.IsZero)
        {
            return (text.FractionDigits < FractionDigits || Accepts(text.Value))
                && Meets(
                    text.IsNegative, new JsonNumber(low, -text.FractionDigits), new JsonNumber(high, -text.FractionDigits), _writtenStep);
        }

        int most = IntegerDigits - text.IntegerDigits;
        for (int shift = 0; shift <= most; shift++)
        {
            if (Meets(text.IsNegative, new JsonNumber(low, shift), new JsonNumber(high, shift), _writtenStep))
            {
                return true;
            }
        }

        return false;
    }

    // With an exponent still to come, the digits so far may stand anywhere before or behind the point.
    private bool ReachesByExponent(NumberText text)
    {
        if (text.Place == NumberPlace.Sign || text.Digits.IsZero)
        {
            return HasSide(text.IsNegative, _step);
        }

        (int from, int to) = Shifts(text.Digits);
        for (int shift = from; shift <= to; shift++)
        {
            if (Meets(text.IsNegative, new JsonNumber(text.Digits, shift), new JsonNumber(text.Digits + 1, shift), _step))
            {
                return true;
            }
        }

        return false;
    }

    private bool ReachesInExponent(NumberText text)
    {
        if (text.Digits.IsZero)
        {
            return Accepts(s_zero);
        }

        (int from, int to) = Shifts(text.Digits);
        for (int shift = from; shift <= to; shift++)
        {
            if (text.CanHaveExponent(shift + text.FractionDigits)
                && Accepts(new JsonNumber(text.IsNegative ? -text.Digits : text.Digits, shift)))
            {
                return true;
            }
        }

        return false;
    }

    // Powers of ten at which these digits can matter; beyond them all is alike.
    private (int From, int To) Shifts(BigInteger digits)
    {
        int length = DigitsOf(digits), size = Math.Max(Math.Max(Digits(_range.Low), Digits(_range.High)), Digits(_step));
        return (-length - FractionDigits - 1, size + (4 * Digits(_step)) + 1); // a power of ten that a step of as many digits divides
    }

    private bool HasSide(bool isNegative, JsonNumber? step) => Has(
        (isNegative ? new NumberRange(null, false, s_zero, false) : new NumberRange(s_zero, false, null, false)).Intersect(_range), step);

    private bool Meets(bool isNegative, JsonNumber low, JsonNumber high, JsonNumber? step) =>
        Has(Interval(isNegative, low, high).Intersect(_range), step);

    private bool Has(NumberRange part, JsonNumber? step)
    {
        if (step is not JsonNumber unit)
        {
            return part.HasMultiple(null)
                && (part.Low is not JsonNumber low || part.High is not JsonNumber high || low != high || Accepts(low));
        }

        if (part.Low is null || part.High is null)
        {
            return !Array.Exists(_refused, r => unit.IsMultipleOf(r));
        }

        // Among many multiples some are no multiple of what is refused.
        return part.HasMultiple(unit) && !Array.Exists(_refused, r => unit.IsMultipleOf(r))
            && (_refused.Length == 0
                || part.Multiples(unit).Take(MostTried).Select((n, i) => i == MostTried - 1 || Accepts(n)).Any(found => found));
    }

    private static NumberRange Interval(bool isNegative, JsonNumber low, JsonNumber high) => isNegative
        ? new NumberRange(high.Negated, true, low.Negated, false)
        : new NumberRange(low, false, high, true);

    private static JsonNumber? Common(IReadOnlyList<JsonNumber> steps)
    {
        JsonNumber? common = null;
        foreach (JsonNumber next in steps)
        {
            common = common is JsonNumber own ? JsonNumber.LeastMultiple(own, next) : next;
            if (Digits(common) > MostDigits)
            {
                throw GrammarException.Limit("multipleOf", $"Common multiples of the numbers have more than {MostDigits} digits.");
            }
        }

        return common;
    }

    private static int Digits(JsonNumber? number) =>
        number is JsonNumber n ? Math.Max(1, DigitsOf(n.Mantissa) + n.Exponent) : 1;

    private static int DigitsOf(BigInteger mantissa) => BigInteger.Abs(mantissa).ToString().Length;
}
