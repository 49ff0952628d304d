using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Runtime;

/// <summary>Input → template values: JSON keeps int/float distinction, big integers and key order; duplicate keys: the last
/// value.</summary>
internal static class JsonValues
{
    private const int LongestInteger = 4300;

    // Templates build markers from these ('<|' + role + '|>'); any other text in a role's place is the conversation's.
    private static readonly string[] s_roles = ["system", "developer", "user", "assistant", "model", "tool", "function", "ipython"];

    public static Value Parse(RenderState state, TextValue source)
    {
        try
        {
            string json = source.Text;
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = TemplateLimits.ValueDepth });
            state.Charge(json.Length / 16);
            Value value = FromElement(document.RootElement);
            return source.Spans is null ? value : CopyAsMessage(value);
        }
        catch (JsonException e)
        {
            throw state.Error($"from_json: {e.Message}");
        }
    }

    public static Value FromElement(JsonElement element, int depth = 0)
    {
        CheckDepth(depth);
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var dict = new DictValue();
                foreach (var property in element.EnumerateObject())
                {
                    dict.Items[new TextValue(Name(property))] = FromElement(property.Value, depth + 1);
                }

                return dict;
            case JsonValueKind.Array:
                return new ListValue([.. element.EnumerateArray().Select(x => FromElement(x, depth + 1))]);
            case JsonValueKind.String:
                return new TextValue(Text(element));
            case JsonValueKind.Number:
                return Number(element.GetRawText());
            case JsonValueKind.True:
                return BoolValue.True;
            case JsonValueKind.False:
                return BoolValue.False;
            default:
                return NoneValue.Instance;
        }
    }

    /// <summary>A plain object: null, bool, number, string, JsonElement, dictionaries with text keys, sequences of such.</summary>
    public static Value FromObject(object? value, int depth = 0)
    {
        CheckDepth(depth);
        return value switch
        {
            null => NoneValue.Instance,
            Value own => own,
            bool flag => BoolValue.Of(flag),
            string text => new TextValue(text),
            JsonElement element => FromElement(element, depth),
            float number => new FloatValue(number),
            double number => new FloatValue(number),
            decimal number => new FloatValue((double)number),
            BigInteger number => new IntValue(number),
            ulong number => new IntValue(number),
            sbyte or byte or short or ushort or int or uint or long => new IntValue(Convert.ToInt64(value, CultureInfo.InvariantCulture)),
            IEnumerable<KeyValuePair<string, object?>> entries => FromEntries(entries, depth),
            System.Collections.IEnumerable items => new ListValue([.. items.Cast<object?>().Select(x => FromObject(x, depth + 1))]),
            _ => throw new ArgumentException($"a template value cannot be a {value.GetType()}", nameof(value)),
        };
    }

    /// <summary>An independent copy, so that a template may change its lists.</summary>
    public static Value Copy(Value value, int depth = 0) => Copy(value, isMessage: false, depth);

    /// <summary>A copy whose texts all count as the conversation's; the names of roles, which templates put into markers, do not.</summary>
    public static Value CopyAsMessage(Value value) => Copy(value, isMessage: true, 0);

    private static Value Copy(Value value, bool isMessage, int depth)
    {
        CheckDepth(depth);
        switch (value)
        {
            case ListValue list:
                return new ListValue([.. list.Items.Select(x => Copy(x, isMessage, depth + 1))]);
            case TupleValue tuple:
                return new TupleValue(Array.ConvertAll(tuple.Items, x => Copy(x, isMessage, depth + 1)));
            case DictValue dict:
                var copy = new DictValue();
                foreach (var (key, item) in dict.Items)
                {
                    copy.Items[Copy(key, isMessage, depth + 1)] = Copy(item, isMessage && !IsRole(key, item), depth + 1);
                }

                return copy;
            case TextValue text when isMessage:
                return TextValue.OfMessage(text.Text);
            default:
                return value;
        }
    }

    private static bool IsRole(Value key, Value item) => key is TextValue { Text: "role" } && item is TextValue role
        && s_roles.Contains(role.Text);

    /// <summary>UTF-16 units of all texts in a value, plus one for each value.</summary>
    public static long Size(Value value, int depth = 0)
    {
        CheckDepth(depth);
        return value switch
        {
            TextValue text => 1 + text.Text.Length,
            ListValue list => 1 + list.Items.Sum(x => Size(x, depth + 1)),
            TupleValue tuple => 1 + tuple.Items.Sum(x => Size(x, depth + 1)),
            DictValue dict => 1 + dict.Items.Sum(x => Size(x.Key, depth + 1) + Size(x.Value, depth + 1)),
            _ => 1,
        };
    }

    private static DictValue FromEntries(IEnumerable<KeyValuePair<string, object?>> entries, int depth)
    {
        var dict = new DictValue();
        foreach (var (key, item) in entries)
        {
            dict.Set(key, FromObject(item, depth + 1));
        }

        return dict;
    }

    private static void CheckDepth(int depth)
    {
        if (depth > TemplateLimits.ValueDepth)
        {
            throw new TemplateException($"input is nested deeper than {TemplateLimits.ValueDepth} levels");
        }
    }

    private static Value Number(string raw)
    {
        if (raw.AsSpan().IndexOfAny(".eE") >= 0)
        {
            return new FloatValue(double.Parse(raw, NumberStyles.Float, CultureInfo.InvariantCulture));
        }

        if (raw.Length > LongestInteger)
        {
            throw new TemplateException($"an integer of {raw.Length} digits exceeds {LongestInteger}");
        }

        return new IntValue(BigInteger.Parse(raw, CultureInfo.InvariantCulture));
    }

    private static string Name(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            throw new TemplateException("a key contains an unpaired surrogate");
        }
    }

    private static string Text(JsonElement element)
    {
        try
        {
            return element.GetString() ?? "";
        }
        catch (InvalidOperationException)
        {
            return Unescape(element.GetRawText().AsSpan()[1..^1]);
        }
    }

    // Only for texts with unpaired surrogate escapes, which become U+FFFD.
    private static string Unescape(ReadOnlySpan<char> raw)
    {
        const string Letters = "bfnrt", Meanings = "\b\f\n\r\t";
        var builder = new StringBuilder(raw.Length);
        for (int i = 0; i < raw.Length; i++)
        {
            if (raw[i] != '\\')
            {
                builder.Append(raw[i]);
            }
            else if (raw[++i] == 'u')
            {
                builder.Append((char)ushort.Parse(raw.Slice(i + 1, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                i += 4;
            }
            else
            {
                int letter = Letters.IndexOf(raw[i]);
                builder.Append(letter < 0 ? raw[i] : Meanings[letter]);
            }
        }

        return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(builder.ToString()));
    }
}
