using System.Globalization;
using System.Text;

namespace LayerStream.Templates.Values;

/// <summary>Python's json.dumps for template values; raises for undefined, macros and other non-data.</summary>
internal sealed class JsonText
{
    private readonly RenderState _state;
    private readonly StringBuilder _builder = new();

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

    public string Write(Value value)
    {
        Append(value, 0);
        _state.ChargeText(_builder.Length);
        return _builder.ToString();
    }

    private void Append(Value value, int depth)
    {
        _state.Charge(1);
        _state.CheckValueDepth(depth);
        _state.CheckTextLength(_builder.Length);
        switch (value)
        {
            case TextValue text:
                AppendQuoted(text.Text);
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
            AppendQuoted(key is TextValue text ? text.Text : KeyText(key));
            _builder.Append(KeySeparator);
            Append(value, depth + 1);
            separator = ItemSeparator;
        }

        AppendBreak(depth);
        _builder.Append('}');
    }

    private string KeyText(Value key) => key is TupleValue ? throw _state.Error("keys must be str, int, float, bool or None, not tuple") : Scalar(key);

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

    private void AppendQuoted(string text)
    {
        _builder.Append('"');
        foreach (char c in text)
        {
            switch (c)
            {
                case '"':
                    _builder.Append("\\\"");
                    break;
                case '\\':
                    _builder.Append("\\\\");
                    break;
                case '\n':
                    _builder.Append("\\n");
                    break;
                case '\r':
                    _builder.Append("\\r");
                    break;
                case '\t':
                    _builder.Append("\\t");
                    break;
                case '\b':
                    _builder.Append("\\b");
                    break;
                case '\f':
                    _builder.Append("\\f");
                    break;
                case var _ when c < ' ' || (EnsureAscii && c > '~'):
                    _builder.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
                    break;
                default:
                    _builder.Append(c);
                    break;
            }
        }

        _builder.Append('"');
    }
}
