using System.Globalization;
using System.Text;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Runtime;

/// <summary>Python's json.dumps for template values; raises for undefined, macros and other non-data.</summary>
internal sealed class JsonText
{
    private readonly RenderState _state;
    private readonly TextBuilder _builder = new();

    public JsonText(RenderState state)
    {
        _state = state;
    }

    /// <summary>Write everything outside U+0020–U+007E as an escape.</summary>
    public bool EnsureAscii { get; init; }

    /// <summary>Text put per nesting level after a newline; null for one line.</summary>
    public string? Indent { get; init; }

    public bool SortKeys { get; init; }

    public string ItemSeparator { get; init; } = ", ";

    public string KeySeparator { get; init; } = ": ";

    public TextValue Write(Value value)
    {
        Append(value, 0);
        _state.ChargeText(_builder.Length);
        return _builder.ToValue();
    }

    private void Append(Value value, int depth)
    {
        _state.Charge(1);
        _state.CheckValueDepth(depth);
        _state.CheckTextLength(_builder.Length);
        switch (value)
        {
            case TextValue text:
                _builder.Append(Quoted(text.Text), isMessage: text.Spans is not null);
                break;
            case ListValue list:
                AppendList(list.Items, depth);
                break;
            case TupleValue tuple:
                AppendList(tuple.Items, depth);
                break;
            case DictValue dict:
                AppendDict(dict, depth);
                break;
            default:
                _builder.Append(Scalar(value));
                break;
        }
    }

    private string Scalar(Value value) => value switch
    {
        NoneValue => "null",
        BoolValue flag => flag.Flag ? "true" : "false",
        IntValue number => number.Number.ToString(CultureInfo.InvariantCulture),
        FloatValue { Number: double.NaN } => "NaN",
        FloatValue { Number: double.PositiveInfinity } => "Infinity",
        FloatValue { Number: double.NegativeInfinity } => "-Infinity",
        FloatValue number => ValueText.Float(number.Number),
        _ => throw _state.Error($"Object of type {value.TypeName} is not JSON serializable"),
    };

    private void AppendList(IReadOnlyList<Value> items, int depth)
    {
        if (items.Count == 0)
        {
            _builder.Append("[]");
            return;
        }

        _builder.Append('[');
        for (int i = 0; i < items.Count; i++)
        {
            _builder.Append(i > 0 ? ItemSeparator : "");
            AppendBreak(depth + 1);
            Append(items[i], depth + 1);
        }

        AppendBreak(depth);
        _builder.Append(']');
    }

    private void AppendDict(DictValue dict, int depth)
    {
        if (dict.Items.Count == 0)
        {
            _builder.Append("{}");
            return;
        }

        IEnumerable<KeyValuePair<Value, Value>> entries = dict.Items;
        if (SortKeys)
        {
            entries = ValueOrder.Sort([.. dict.Items.Keys], (a, b) => ValueOrder.Compare(_state, a, b, "<"))
                .Select(key => KeyValuePair.Create(key, dict.Items[key]));
        }

        string separator = "{";
        foreach (var (key, value) in entries)
        {
            _builder.Append(separator);
            AppendBreak(depth + 1);
            _builder.Append(Quoted(key is TextValue name ? name.Text : KeyText(key)), isMessage: key is TextValue { Spans: not null });
            _builder.Append(KeySeparator);
            Append(value, depth + 1);
            separator = ItemSeparator;
        }

        AppendBreak(depth);
        _builder.Append('}');
    }

    private string KeyText(Value key) => key is TupleValue ? throw _state.Error("keys must be str, int, float, bool or None, not tuple")
        : Scalar(key);

    private void AppendBreak(int depth)
    {
        if (Indent is null)
        {
            return;
        }

        _builder.Append('\n');
        for (int i = 0; i < depth; i++)
        {
            _builder.Append(Indent);
        }
    }

    private string Quoted(string text)
    {
        var builder = new StringBuilder(text.Length + 2).Append('"');
        foreach (char c in text)
        {
            switch (c)
            {
                case '"':
                    builder.Append("\\\"");
                    break;
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
                case '\b':
                    builder.Append("\\b");
                    break;
                case '\f':
                    builder.Append("\\f");
                    break;
                case var _ when c < ' ' || (EnsureAscii && c > '~'):
                    builder.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
                    break;
                default:
                    builder.Append(c);
                    break;
            }
        }

        return builder.Append('"').ToString();
    }
}
