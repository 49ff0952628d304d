using System.Globalization;
using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Builtins;

/// <summary>str.format: <c>{field!conversion:specification}</c>, the field a number or name with attributes and items after it.</summary>
internal sealed class FormatMethod
{
    private const int DeepestField = 2; // a specification may hold fields, those no more

    private readonly RenderState _state;
    private readonly Arguments _arguments;
    private readonly DictValue? _names;
    private int _next;
    private bool _isNumbered;

    private FormatMethod(RenderState state, Arguments arguments, DictValue? names)
    {
        _state = state;
        _arguments = arguments;
        _names = names;
    }

    public static Value Format(Call call) =>
        call.State.Text(new FormatMethod(call.State, call.Raw, null).Fill((TextValue)call.Self, 1));

    public static Value FormatMap(Call call) => call[0] is DictValue names
        ? call.State.Text(new FormatMethod(call.State, Arguments.None, names).Fill((TextValue)call.Self, 1))
        : throw call.State.Error("format_map() takes a mapping");

    private TextValue Fill(TextValue pattern, int depth)
    {
        string text = pattern.Text;
        var builder = new TextBuilder();
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c is not ('{' or '}') || (i + 1 < text.Length && text[i + 1] == c))
            {
                builder.Append(pattern, i, 1);
                i += c is '{' or '}' ? 1 : 0;
                continue;
            }

            int end = c == '{' ? FieldEnd(text, i + 1) : -1;
            if (end < 0 || depth > DeepestField)
            {
                throw _state.Error(end < 0 ? $"Single '{c}' encountered in format string" : "Max string recursion exceeded");
            }

            builder.Append(Field(text[(i + 1)..end], depth));
            _state.CheckTextLength(builder.Length);
            i = end;
        }

        return builder.ToValue();
    }

    // Where the field that begins here is closed; -1 when it is not.
    private static int FieldEnd(string text, int begin)
    {
        int open = 1;
        for (int i = begin; i < text.Length; i++)
        {
            open += text[i] == '{' ? 1 : text[i] == '}' ? -1 : 0;
            if (open == 0)
            {
                return i;
            }
        }

        return -1;
    }

    private TextValue Field(string field, int depth)
    {
        int bracket = 0, end = 0;
        while (end < field.Length && (bracket > 0 || field[end] is not (':' or '!')))
        {
            bracket += field[end] == '[' ? 1 : field[end] == ']' ? -1 : 0;
            end++;
        }

        var value = Find(field[..end]);
        string rest = field[end..];
        if (rest.StartsWith('!'))
        {
            if (rest.Length < 2 || (rest.Length > 2 && rest[2] != ':'))
            {
                throw _state.Error("expected ':' after conversion specifier");
            }

            value = rest[1] switch
            {
                'r' => ValueText.Repr(_state, value),
                's' => ValueText.Of(_state, value),
                'a' => ValueText.Ascii(_state, value),
                _ => throw _state.Error($"Unknown conversion specifier '{rest[1]}'"),
            };
            rest = rest[2..];
        }

        string specification = rest.StartsWith(':') ? Fill(new TextValue(rest[1..]), depth + 1).Text : "";
        return FormatSpec.Format(_state, value, specification);
    }

    private Value Find(string path)
    {
        int end = path.AsSpan().IndexOfAny('.', '[');
        var value = First(end < 0 ? path : path[..end]);
        for (int i = end; i >= 0 && i < path.Length;)
        {
            bool isItem = path[i] == '[';
            int begin = i + 1;
            int next = isItem ? path.IndexOf(']', begin) : NameEnd(path, begin);
            string name = next < 0 ? throw _state.Error("Missing ']' in format string") : path[begin..next];
            value = !isItem ? Attributes.Get(_state, value, name) : Attributes.GetItem(_state, value, Index(name));
            i = isItem ? next + 1 : next;
            if (name.Length == 0 || (i < path.Length && path[i] is not ('.' or '[')))
            {
                throw _state.Error("Empty attribute or stray character in format string");
            }
        }

        return value;
    }

    private static int NameEnd(string path, int begin) =>
        path.AsSpan(begin).IndexOfAny('.', '[') is var at and >= 0 ? begin + at : path.Length;

    private Value First(string name)
    {
        bool isNumber = int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int index);
        if (_names is not null)
        {
            return _names.Find(name) ?? throw _state.Error($"format field '{name}' is unknown");
        }

        if (name.Length > 0 && !isNumber)
        {
            return _arguments.Named.TryGetValue(name, out var value) ? value : throw _state.Error($"format field '{name}' is unknown");
        }

        if (isNumber ? _next > 0 : _isNumbered)
        {
            throw _state.Error("cannot switch between automatic field numbering and manual field specification");
        }

        _isNumbered |= isNumber;
        index = isNumber ? index : _next++;
        return index < _arguments.Positional.Count ? _arguments.Positional[index]
            : throw _state.Error($"Replacement index {index} out of range for positional args tuple");
    }

    private static Value Index(string name) => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int index)
        ? new IntValue(index) : new TextValue(name);
}
