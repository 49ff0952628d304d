using System.Globalization;
using System.Numerics;
using System.Text;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Runtime;

/// <summary>Python's <c>text % values</c> for the conversions s r d i u x X o c f F and %.</summary>
internal static class PrintfFormat
{
    private const int WidestField = 1000;

    public static TextValue Format(RenderState state, TextValue pattern, Value values)
    {
        var queue = new Queue<Value>(values is TupleValue tuple ? tuple.Items : [values]);
        string format = pattern.Text;
        var builder = new TextBuilder();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                builder.Append(pattern, i, 1);
                continue;
            }

            i++;
            AppendField(state, builder, format, ref i, values as DictValue, queue);
            state.CheckTextLength(builder.Length);
        }

        return queue.Count > 0 && values is not DictValue ? throw state.Error("not all arguments converted during string formatting")
            : builder.ToValue();
    }

    /// <summary>Fixed notation, correctly rounded from the exact value (half to even).</summary>
    public static string Fixed(double number, int decimals)
    {
        if (!double.IsFinite(number))
        {
            return ValueText.Float(number);
        }

        // |number| = mantissa · 2^exponent exactly.
        long bits = BitConverter.DoubleToInt64Bits(number);
        int exponent = (int)((bits >> 52) & 0x7ff);
        var mantissa = new BigInteger((bits & 0xfffffffffffffL) | (exponent == 0 ? 0 : 1L << 52));
        exponent = Math.Max(exponent, 1) - 1075;
        var numerator = mantissa * BigInteger.Pow(10, decimals) << Math.Max(exponent, 0);
        var denominator = BigInteger.One << Math.Max(-exponent, 0);
        var quotient = BigInteger.DivRem(numerator, denominator, out var remainder);
        int half = (remainder << 1).CompareTo(denominator);
        quotient += half > 0 || (half == 0 && !quotient.IsEven) ? 1 : 0;
        string digits = quotient.ToString(CultureInfo.InvariantCulture).PadLeft(decimals + 1, '0');
        string sign = bits < 0 ? "-" : "";
        return decimals == 0 ? sign + digits : $"{sign}{digits[..^decimals]}.{digits[^decimals..]}";
    }

    private static void AppendField(RenderState state, TextBuilder builder, string format, ref int i, DictValue? names, Queue<Value> queue)
    {
        Value? chosen = null;
        if (i < format.Length && format[i] == '(')
        {
            int close = format.IndexOf(')', i);
            string name = close < 0 ? throw state.Error("incomplete format key") : format[(i + 1)..close];
            chosen = names?.Find(name) ?? throw state.Error($"format requires a mapping with '{name}'");
            i = close + 1;
        }

        int start = i;
        while (i < format.Length && "-+ 0#".Contains(format[i]))
        {
            i++;
        }

        string flags = format[start..i];
        int width = ReadNumber(state, format, ref i) ?? 0;
        int? precision = null;
        if (i < format.Length && format[i] == '.')
        {
            i++;
            precision = ReadNumber(state, format, ref i) ?? 0;
        }

        char kind = i < format.Length ? format[i] : throw state.Error("incomplete format");
        if (kind == '%')
        {
            builder.Append('%');
            return;
        }

        var value = chosen ?? (queue.TryDequeue(out var next) ? next : throw state.Error("not enough arguments for format string"));
        var converted = Convert(state, kind, value, precision);
        string text = converted.Text;
        bool isNumber = kind is not ('s' or 'r' or 'c');
        if (isNumber && text[0] != '-' && (flags.Contains('+') || flags.Contains(' ')))
        {
            text = (flags.Contains('+') ? "+" : " ") + text;
        }

        string padded = Pad(text, width, flags, isNumber);
        _ = padded.Length == converted.Text.Length && !isNumber ? builder.Append(converted)
            : builder.Append(padded, isMessage: converted.Spans is not null);
    }

    private static string Pad(string text, int width, string flags, bool isNumber)
    {
        width += text.Length - new TextValue(text).Length;
        if (flags.Contains('-'))
        {
            return text.PadRight(width);
        }

        if (!isNumber || !flags.Contains('0') || text.Length >= width)
        {
            return text.PadLeft(width);
        }

        int sign = text[0] is '-' or '+' or ' ' ? 1 : 0;
        return text[..sign] + new string('0', width - text.Length) + text[sign..];
    }

    private static int? ReadNumber(RenderState state, string format, ref int i)
    {
        int start = i, number = 0;
        for (; i < format.Length && char.IsAsciiDigit(format[i]); i++)
        {
            number = (number * 10) + format[i] - '0';
            if (number > WidestField)
            {
                throw state.Error("format width is too large");
            }
        }

        return i > start ? number : null;
    }

    private static TextValue Convert(RenderState state, char kind, Value value, int? precision)
    {
        switch (kind)
        {
            case 's' or 'r':
                var text = kind == 's' ? ValueText.Of(state, value) : ValueText.Repr(state, value);
                return precision < text.Length ? text.Range(0, precision.Value) : text;
            case 'c' when value is TextValue { Length: 1 } character:
                return character;
            case 'd' or 'i' or 'u' when value is FloatValue real && double.IsFinite(real.Number):
                return new TextValue(Digits(new BigInteger(real.Number), 10));
            case 'd' or 'i' or 'u' or 'x' or 'X' or 'o' when Numbers.TryInteger(value, out var number):
                string digits = Digits(number, kind is 'x' or 'X' ? 16 : kind == 'o' ? 8 : 10);
                return new TextValue(kind == 'X' ? digits.ToUpperInvariant() : digits);
            case 'f' or 'F' when Numbers.TryFloat(value, out double number):
                return new TextValue(Fixed(number, Math.Min(precision ?? 6, 100)));
            default:
                throw state.Error($"%{kind} format: unsupported or wrong type {value.TypeName}");
        }
    }

    private static string Digits(BigInteger number, int radix)
    {
        if (radix == 10)
        {
            return number.ToString(CultureInfo.InvariantCulture);
        }

        var builder = new StringBuilder();
        var rest = BigInteger.Abs(number);
        do
        {
            rest = BigInteger.DivRem(rest, radix, out var digit);
            builder.Insert(0, "0123456789abcdef"[(int)digit]);
        }
        while (!rest.IsZero);

        return (number.Sign < 0 ? "-" : "") + builder;
    }
}
