using System.Numerics;

namespace LayerStream.Sampling.Grammars.Json.Numbers;

/// <summary>Where the text of a number stands.</summary>
internal enum NumberPlace
{
    /// <summary>Behind the sign.</summary>
    Sign,

    /// <summary>Behind a leading zero.</summary>
    Zero,

    /// <summary>In the digits before the point.</summary>
    Integer,

    /// <summary>Behind the point.</summary>
    Point,

    /// <summary>In the digits behind the point.</summary>
    Fraction,

    /// <summary>Behind the exponent's mark.</summary>
    Mark,

    /// <summary>Behind the exponent's sign.</summary>
    MarkSign,

    /// <summary>In the exponent.</summary>
    Exponent,
}

/// <summary>The beginning of a number.</summary>
internal sealed record NumberText
{
    /// <summary>Digits before the point, at most, where texts are made and no bound needs more.</summary>
    public const int WrittenIntegerDigits = 15;

    /// <summary>Digits behind the point, at most, where texts are made and no bound needs more.</summary>
    public const int WrittenFractionDigits = 20;

    private const int WrittenExponentDigits = 2;
    private const int CheckedDigits = 1_000;
    private const int CheckedExponentDigits = 4;

    private int _exponent;
    private int _exponentDigits;
    private bool _exponentIsNegative;

    /// <summary>Where it stands.</summary>
    public NumberPlace Place { get; private init; }

    /// <summary>Whether it began with a minus.</summary>
    public bool IsNegative { get; private init; }

    /// <summary>The digits before the exponent as one number.</summary>
    public BigInteger Digits { get; private init; }

    /// <summary>How many digits stand before the point.</summary>
    public int IntegerDigits { get; private init; }

    /// <summary>How many stand behind it.</summary>
    public int FractionDigits { get; private init; }

    /// <summary>Whether the number may end here.</summary>
    public bool IsComplete => Place is NumberPlace.Zero or NumberPlace.Integer or NumberPlace.Fraction or NumberPlace.Exponent;

    /// <summary>The number, where it is complete.</summary>
    public JsonNumber Value => new(
        IsNegative ? -Digits : Digits, (_exponentIsNegative ? -_exponent : _exponent) - FractionDigits);

    /// <summary>Whether more digits can make this the exponent, the text standing in it.</summary>
    public bool CanHaveExponent(int exponent)
    {
        bool hasSign = exponent == 0 || Place == NumberPlace.Mark || _exponentIsNegative == exponent < 0;
        long low = _exponent, high = _exponent, wanted = Math.Abs((long)exponent);
        for (int digits = _exponentDigits; hasSign && digits <= CheckedExponentDigits; digits++)
        {
            if (digits > 0 && low <= wanted && wanted <= high)
            {
                return true;
            }

            (low, high) = (low * 10, (high * 10) + 9);
        }

        return false;
    }

    /// <summary>The text of a first byte, or null.</summary>
    public static NumberText? Begin(byte value) => value == (byte)'-'
        ? new NumberText { Place = NumberPlace.Sign, IsNegative = true }
        : new NumberText { Place = NumberPlace.Sign }.Next(value, CheckedDigits, CheckedDigits, anyForm: true);

    /// <summary>The text one byte further, or null.</summary>
    /// <param name="value">The byte.</param>
    /// <param name="integerDigits">Digits that may stand before the point.</param>
    /// <param name="fractionDigits">Digits that may stand behind it.</param>
    /// <param name="anyForm">Whether the text is only checked, so that it may be as long as numbers are computed with.</param>
    public NumberText? Next(byte value, int integerDigits, int fractionDigits, bool anyForm)
    {
        int digit = value - '0';
        bool isDigit = digit is >= 0 and <= 9;
        int mostInteger = anyForm ? CheckedDigits : integerDigits, mostFraction = anyForm ? CheckedDigits : fractionDigits;
        int mostExponent = anyForm ? CheckedExponentDigits : WrittenExponentDigits;
        return (Place, (char)value) switch
        {
            (NumberPlace.Sign, '0') => this with { Place = NumberPlace.Zero, IntegerDigits = 1 },
            (NumberPlace.Sign or NumberPlace.Integer, _) when isDigit && IntegerDigits < mostInteger =>
                this with { Place = NumberPlace.Integer, Digits = (Digits * 10) + digit, IntegerDigits = IntegerDigits + 1 },
            (NumberPlace.Zero or NumberPlace.Integer, '.') => this with { Place = NumberPlace.Point },
            (NumberPlace.Point or NumberPlace.Fraction, _) when isDigit && FractionDigits < mostFraction =>
                this with { Place = NumberPlace.Fraction, Digits = (Digits * 10) + digit, FractionDigits = FractionDigits + 1 },
            (NumberPlace.Zero or NumberPlace.Integer or NumberPlace.Fraction, 'e' or 'E') => this with { Place = NumberPlace.Mark },
            (NumberPlace.Mark, '+') => this with { Place = NumberPlace.MarkSign },
            (NumberPlace.Mark, '-') => this with { Place = NumberPlace.MarkSign, _exponentIsNegative = true },
            (NumberPlace.Mark or NumberPlace.MarkSign or NumberPlace.Exponent, _) when isDigit && _exponentDigits < mostExponent =>
                this with { Place = NumberPlace.Exponent, _exponent = (_exponent * 10) + digit, _exponentDigits = _exponentDigits + 1 },
            _ => null,
        };
    }
}
