using System.Globalization;
using System.Numerics;
using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Builtins;

/// <summary>abs, int, float, round, filesizeformat.</summary>
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

    public static Value FileSize(Call call)
    {
        bool isBinary = call.Flag(0);
        double unit = isBinary ? 1024 : 1000;
        string[] names = isBinary ? ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"]
            : ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
        double bytes = Numbers.TryFloat(call.Self, out double number) || (call.Self is TextValue text && TryParse(text.Text, out number))
            ? number : throw call.State.Error($"a number of bytes is required, not {call.Self.TypeName}");
        if (bytes < unit)
        {
            return new TextValue(bytes == 1 ? "1 Byte" : string.Create(CultureInfo.InvariantCulture, $"{(long)bytes} Bytes"));
        }

        int step = 0;
        while (step < names.Length - 1 && bytes >= Math.Pow(unit, step + 2))
        {
            step++;
        }

        return new TextValue($"{FloatText.Fixed(unit * bytes / Math.Pow(unit, step + 2), 1)} {names[step]}");
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
            : double.Parse(FloatText.Fixed(number, precision), CultureInfo.InvariantCulture);
    }

    private static bool TryParse(string text, out double number)
    {
        string trimmed = Whitespace.Trim(text).Replace("_", "", StringComparison.Ordinal);
        string name = trimmed.TrimStart('+', '-').ToLowerInvariant();
        if (name is "inf" or "infinity" && trimmed.Length <= name.Length + 1)
        {
            number = trimmed.StartsWith('-') ? double.NegativeInfinity : double.PositiveInfinity;
            return true;
        }

        return double.TryParse(trimmed, NumberStyles.Float, CultureInfo.InvariantCulture, out number);
    }
}
