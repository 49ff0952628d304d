using System.Globalization;
using System.Text;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Runtime;

/// <summary>Python's str() and repr() of template values.</summary>
internal static class ValueText
{
    /// <summary>What <c>{{ value }}</c> prints: undefined is empty, a text is itself, everything else its repr.</summary>
    public static string Str(RenderState state, Value value) => Of(state, value).Text;

    /// <summary>As <see cref="Str"/>, with the account of what comes from the conversation.</summary>
    public static TextValue Of(RenderState state, Value value) => value switch
    {
        TextValue text => text,
        UndefinedValue => TextValue.Empty,
        _ => Repr(state, value),
    };

    /// <summary>Python's repr().</summary>
    public static TextValue Repr(RenderState state, Value value)
    {
        var builder = new TextBuilder();
        AppendRepr(state, builder, value, 0);
        state.ChargeText(builder.Length);
        return builder.ToValue();
    }

    /// <summary>Python's ascii(): as repr, with escapes for everything beyond ASCII.</summary>
    public static TextValue Ascii(RenderState state, Value value)
    {
        var repr = Repr(state, value);
        var builder = new StringBuilder(repr.Text.Length);
        foreach (var rune in repr.Text.EnumerateRunes())
        {
            _ = rune.Value < 0x80 ? builder.Append((char)rune.Value)
                : rune.Value <= 0xff ? builder.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}")
                : builder.Append(CultureInfo.InvariantCulture, $"\\{(rune.IsBmp ? $"u{rune.Value:x4}" : $"U{rune.Value:x8}")}");
        }

        return state.Text(repr.Mapped(builder.ToString()));
    }

    /// <summary>Python's float repr: shortest round-trip digits, exponent form below 1e-4 and from 1e16.</summary>
    public static string Float(double number)
    {
        if (!double.IsFinite(number))
        {
            return double.IsNaN(number) ? "nan" : number > 0 ? "inf" : "-inf";
        }

        string text = number.ToString("E16", CultureInfo.InvariantCulture);
        string shortest = number.ToString("R", CultureInfo.InvariantCulture);
        string sign = text[0] == '-' ? "-" : "";
        string digits = Digits(shortest);
        int exponent = number == 0 ? 0 : Exponent(shortest);
        if (exponent is < -4 or >= 16)
        {
            string fraction = digits.Length > 1 ? "." + digits[1..] : "";
            return $"{sign}{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }

        if (exponent < 0)
        {
            return sign + "0." + new string('0', -exponent - 1) + digits;
        }

        return digits.Length <= exponent + 1
            ? sign + digits.PadRight(exponent + 1, '0') + ".0"
            : sign + digits[..(exponent + 1)] + "." + digits[(exponent + 1)..];
    }

    private static string Digits(string shortest)
    {
        int end = shortest.IndexOf('E');
        string digits = (end < 0 ? shortest : shortest[..end]).Replace(".", "", StringComparison.Ordinal).TrimStart('-').TrimStart('0')
            .TrimEnd('0');
        return digits.Length == 0 ? "0" : digits;
    }

    // Decimal exponent of the first significant digit.
    private static int Exponent(string shortest)
    {
        int e = shortest.IndexOf('E');
        string mantissa = (e < 0 ? shortest : shortest[..e]).TrimStart('-');
        int shift = e < 0 ? 0 : int.Parse(shortest[(e + 1)..], CultureInfo.InvariantCulture);
        int point = mantissa.IndexOf('.');
        int whole = point < 0 ? mantissa.Length : point;
        string digits = mantissa.Replace(".", "", StringComparison.Ordinal);
        int first = 0;
        while (first < digits.Length && digits[first] == '0')
        {
            first++;
        }

        return shift + whole - 1 - first;
    }

    private static void AppendRepr(RenderState state, TextBuilder builder, Value value, int depth)
    {
        state.Charge(1);
        state.CheckValueDepth(depth);
        state.CheckTextLength(builder.Length);
        switch (value)
        {
            case TextValue text:
                builder.Append(Quoted(text.Text), isMessage: text.Spans is not null);
                break;
            case ListValue list:
                AppendItems(state, builder, "[", list.Items, "]", depth);
                break;
            case TupleValue tuple:
                AppendItems(state, builder, "(", tuple.Items, tuple.Items.Length == 1 ? ",)" : ")", depth);
                break;
            case DictValue dict:
                AppendDict(state, builder, dict, depth);
                break;
            default:
                builder.Append(Scalar(value));
                break;
        }
    }

    private static string Scalar(Value value) => value switch
    {
        NoneValue => "None",
        BoolValue flag => flag.Flag ? "True" : "False",
        IntValue number => number.Number.ToString(CultureInfo.InvariantCulture),
        FloatValue number => Float(number.Number),
        UndefinedValue => "Undefined",
        _ => value.Display,
    };

    private static void AppendItems(RenderState state, TextBuilder builder, string open, IReadOnlyList<Value> items,
        string close, int depth)
    {
        builder.Append(open);
        for (int i = 0; i < items.Count; i++)
        {
            builder.Append(i > 0 ? ", " : "");
            AppendRepr(state, builder, items[i], depth + 1);
        }

        builder.Append(close);
    }

    private static void AppendDict(RenderState state, TextBuilder builder, DictValue dict, int depth)
    {
        string separator = "{";
        foreach (var (key, value) in dict.Items)
        {
            builder.Append(separator);
            AppendRepr(state, builder, key, depth + 1);
            builder.Append(": ");
            AppendRepr(state, builder, value, depth + 1);
            separator = ", ";
        }

        builder.Append(dict.Items.Count == 0 ? "{}" : "}");
    }

    private static string Quoted(string text)
    {
        var builder = new StringBuilder(text.Length + 2);
        char quote = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';
        builder.Append(quote);
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            switch (c)
            {
                case '\\':
                    builder.Append("\\\\");
                    break;
                case '\n':
                    builder.Append("\\n");
                    break;
                case '\r':
                    builder.Append("\\r");
                    break;
                case '\t':
                    builder.Append("\\t");
                    break;
                case var _ when c == quote:
                    builder.Append('\\').Append(c);
                    break;
                case >= ' ' and < '\x7f':
                    builder.Append(c);
                    break;
                default:
                    i += AppendOther(builder, text, i);
                    break;
            }
        }

        return builder.Append(quote).ToString();
    }

    // Not ASCII-printable: written as is when Unicode calls it printable. Returns the extra UTF-16 units used.
    private static int AppendOther(StringBuilder builder, string text, int index)
    {
        int extra = char.IsHighSurrogate(text[index]) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]) ? 1 : 0;
        int point = extra == 1 ? char.ConvertToUtf32(text[index], text[index + 1]) : text[index];
        var category = CharUnicodeInfo.GetUnicodeCategory(point);
        bool hidden = category is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
            or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator;
        if (!hidden)
        {
            builder.Append(text, index, extra + 1);
        }
        else if (point <= 0xff)
        {
            builder.Append(CultureInfo.InvariantCulture, $"\\x{point:x2}");
        }
        else
        {
            builder.Append(point <= 0xffff ? $"\\u{point:x4}" : $"\\U{point:x8}");
        }

        return extra;
    }
}
