using System.Globalization;
using System.Numerics;
using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Builtins;

/// <summary>abs, int, float, round.</summary>
internal static class NumberFilters
{
    public static Value Abs(Call call) => call.Self switch
    {
        FloatValue f => new FloatValue(Math.Abs(f.Number)),
        _ when Numbers.TryInteger(call.Self, out var number) => new IntValue(BigInteger.Abs(number)),
        _ => throw call.State.Error($"bad operand type for abs(): '{call.Self.TypeName}'"),
    };

    public static Value ToFloat(Call call)
    {
        if (Numbers.TryFloat(call.Self, out double number))
        {
            return new FloatValue(number);
        }

        if (call.Self is UndefinedValue undefined)
        {
            throw call.State.UndefinedError(undefined);
        }

        return call.Self is TextValue text && TryParse(text.Text, out number) ? new FloatValue(number) : call[0] ?? new FloatValue(0);
    }

    public static Value ToInteger(Call call)
    {
        int radix = call.Integer(1, 10);
        var fallback = call[0] ?? new IntValue(0);
        switch (call.Self)
        {
            case FloatValue f:
                return double.IsFinite(f.Number) ? new IntValue(new BigInteger(f.Number)) : fallback;
            case TextValue text:
                string digits = Whitespace.Trim(text.Text).Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();
                string prefix = radix switch { 16 => "0x", 8 => "0o", 2 => "0b", _ => "\0" };
                if (IntegerText.TryParse(digits.StartsWith(prefix, StringComparison.Ordinal) ? digits[2..] : digits, radix, out var number))
                {
                    return new IntValue(number);
                }

                return TryParse(text.Text, out double real) && double.IsFinite(real) ? new IntValue(new BigInteger(real)) : fallback;
            case UndefinedValue undefined:
                throw call.State.UndefinedError(undefined);
            default:
                return Numbers.TryInteger(call.Self, out number) ? new IntValue(number) : fallback;
        }
    }

    public static Value Round(Call call)
    {
        int precision = Math.Clamp(call.Integer(0, 0), -300, 300);
        string method = call.OptionalText(1) ?? "common";
        if (!Numbers.TryFloat(call.Self, out double number))
        {
            throw call.State.Error($"type {call.Self.TypeName} cannot be rounded");
        }

        if (method == "common")
        {
            return Numbers.TryInteger(call.Self, out var whole) ? new IntValue(HalfEven(whole, precision))
                : new FloatValue(HalfEven(number, precision));
        }

        double scale = Math.Pow(10, precision);
        return method switch
        {
            "floor" => new FloatValue(Math.Floor(number * scale) / scale),
            "ceil" => new FloatValue(Math.Ceiling(number * scale) / scale),
            _ => throw call.State.Error("round: method is 'common', 'ceil' or 'floor'"),
        };
    }

    private static BigInteger HalfEven(BigInteger number, int precision)
    {
        if (precision >= 0)
        {
            return number;
        }

        var unit = BigInteger.Pow(10, -precision);
        var quotient = Arithmetic.FloorDivide(number, unit);
        int half = ((number - (quotient * unit)) * 2).CompareTo(unit);
        return (quotient + (half > 0 || (half == 0 && !quotient.IsEven) ? 1 : 0)) * unit;
    }

    // Correctly rounded by way of the exact decimal expansion.
    private static double HalfEven(double number, int precision)
    {
        if (!double.IsFinite(number) || precision > 30)
        {
            return number;
        }

        if (precision < 0)
        {
            double scale = Math.Pow(10, -precision);
            return Math.Round(number / scale, MidpointRounding.ToEven) * scale;
        }

        return precision == 0
            ? Math.Round(number, MidpointRounding.ToEven)
            : double.Parse(PrintfFormat.Fixed(number, precision), CultureInfo.InvariantCulture);
    }

    private static bool TryParse(string text, out double number) =>
        double.TryParse(Whitespace.Trim(text).Replace("_", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture,
            out number);
}
