using System.Numerics;
using System.Text;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Runtime;

/// <summary>Python's <c>text % values</c> for the conversions s r a c d i u x X o e E f F g G and %.</summary>
internal static class PrintfFormat
{
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

        return queue.Count == 0 || values is DictValue or ListValue or UndefinedValue ? builder.ToValue()
            : throw state.Error("not all arguments converted during string formatting");
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
        int width = ReadNumber(state, format, ref i, queue) ?? 0;
        if (width < 0)
        {
            (flags, width) = (flags + "-", -width);
        }

        int? precision = null;
        if (i < format.Length && format[i] == '.')
        {
            i++;
            precision = Math.Max(0, ReadNumber(state, format, ref i, queue) ?? 0);
        }

        char kind = i < format.Length ? format[i] : throw state.Error("incomplete format");
        if (kind == '%')
        {
            builder.Append('%');
            return;
        }

        var value = chosen ?? (queue.TryDequeue(out var next) ? next : throw state.Error("not enough arguments for format string"));
        var converted = Convert(state, kind, value, precision, flags.Contains('#'));
        string text = converted.Text;
        bool isNumber = kind is not ('s' or 'r' or 'a' or 'c');
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
        sign += text.AsSpan(sign) is ['0', 'x' or 'X' or 'o', ..] ? 2 : 0;
        return text[..sign] + new string('0', width - text.Length) + text[sign..];
    }

    // A star takes the number from the values.
    private static int? ReadNumber(RenderState state, string format, ref int i, Queue<Value> queue)
    {
        if (i < format.Length && format[i] == '*')
        {
            i++;
            return queue.TryDequeue(out var given) && Numbers.TryInteger(given, out var width) && BigInteger.Abs(width) <= FormatSpec.Widest
                ? (int)width : throw state.Error("* wants a number of columns");
        }

        return FormatSpec.Number(state, format, ref i);
    }

    private static TextValue Convert(RenderState state, char kind, Value value, int? precision, bool isAlternate)
    {
        switch (kind)
        {
            case 's' or 'r' or 'a':
                var text = kind == 's' ? ValueText.Of(state, value) : kind == 'r' ? ValueText.Repr(state, value)
                    : ValueText.Ascii(state, value);
                return precision < text.Length ? text.Range(0, precision.Value) : text;
            case 'c' when value is TextValue { Length: 1 } character:
                return character;
            case 'c' when Numbers.TryInteger(value, out var point) && point >= 0 && point <= 0x10FFFF
                && Rune.TryCreate((int)point, out var rune):
                return new TextValue(rune.ToString());
            case 'd' or 'i' or 'u' when value is FloatValue real && double.IsFinite(real.Number):
                return Whole(new BigInteger(real.Number), kind, precision, isAlternate);
            case 'd' or 'i' or 'u' or 'x' or 'X' or 'o' when Numbers.TryInteger(value, out var number):
                return Whole(number, kind, precision, isAlternate);
            case 'e' or 'E' or 'f' or 'F' or 'g' or 'G' when Numbers.TryFloat(value, out double number):
                string digits = char.ToLowerInvariant(kind) switch
                {
                    'e' => FloatText.Exponent(number, precision ?? 6),
                    'f' => FloatText.Fixed(number, precision ?? 6),
                    _ => FloatText.General(number, precision ?? 6, isAlternate),
                };
                return new TextValue(char.IsUpper(kind) ? digits.ToUpperInvariant() : digits);
            default:
                throw state.Error($"%{kind} format: unsupported or wrong type {value.TypeName}");
        }
    }

    private static TextValue Whole(BigInteger number, char kind, int? precision, bool isAlternate)
    {
        int radix = kind is 'x' or 'X' ? 16 : kind == 'o' ? 8 : 10;
        string digits = IntegerText.Digits(BigInteger.Abs(number), radix).PadLeft(precision ?? 0, '0');
        string prefix = isAlternate && radix != 10 ? "0" + kind : "";
        return new TextValue((number.Sign < 0 ? "-" : "") + prefix + (kind == 'X' ? digits.ToUpperInvariant() : digits));
    }
}
