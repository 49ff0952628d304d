using System.Text;

namespace LayerStream.Templates.Answers;

/// <summary>MiniMax M3's calls: <c>NAME"&gt;</c>, then a tag per key, nested as the values are; lists are tags called item. Every tag
/// stands behind a mark of its own.</summary>
internal sealed class NestedTagsCall
{
    /// <summary>In front of every tag.</summary>
    public const string Mark = "]<]minimax[>[";

    private const int MostDepth = 64;
    private readonly string _text;
    private readonly OfferedTools _tools;
    private int _at;

    private NestedTagsCall(string text, OfferedTools tools) => (_text, _tools) = (text, tools);

    /// <summary>The call of a body; null when it is none.</summary>
    public static List<(string Name, string Arguments)>? Read(string body, OfferedTools tools)
    {
        int end = body.IndexOf("\">", StringComparison.Ordinal);
        if (end < 0)
        {
            return null;
        }

        string name = body[..end];
        NestedTagsCall reader = new(body, tools) { _at = end + 2 };
        StringBuilder json = new("{");
        while (reader.Open() is { } key)
        {
            if (reader.Value(name, [key], 0) is not { } value)
            {
                return null;
            }

            json.Append(json.Length > 1 ? ", " : "").Append(JsonPieces.Quote(key)).Append(": ").Append(value);
        }

        return body[reader._at..].Trim().Length == 0 ? [(name, json.Append('}').ToString())] : null;
    }

    // The name of a tag that opens here, or null.
    private string? Open()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at]))
        {
            _at++;
        }

        int start = _at + Mark.Length + 1;
        bool isTag = string.CompareOrdinal(_text, _at, Mark + "<", 0, Mark.Length + 1) == 0 && start < _text.Length && _text[start] != '/';
        int end = isTag ? _text.IndexOf('>', start) : -1;
        if (end < 0)
        {
            return null;
        }

        _at = end + 1;
        return _text[start..end];
    }

    // Content up to the end of the tag as JSON; null when there is no end.
    private string? Value(string tool, string[] path, int depth)
    {
        string key = path[^1];
        int begin = _at;
        if (depth > MostDepth)
        {
            return null;
        }

        List<(string Key, string Json)> inner = [];
        while (Open() is { } child)
        {
            if (Value(tool, [.. path, child], depth + 1) is not { } value)
            {
                return null;
            }

            inner.Add((child, value));
        }

        string close = Mark + "</" + key + ">";
        int end = inner.Count > 0 ? _at : _text.IndexOf(Mark, begin, StringComparison.Ordinal);
        if (end < 0 || string.CompareOrdinal(_text, end, close, 0, close.Length) != 0)
        {
            return null;
        }

        _at = end + close.Length;
        return inner.Count == 0 ? ParameterText.ToJson(_text[begin..end], _tools.KindOf(tool, path))
            : inner.TrueForAll(i => i.Key == "item") ? "[" + string.Join(", ", inner.Select(i => i.Json)) + "]"
            : "{" + string.Join(", ", inner.Select(i => JsonPieces.Quote(i.Key) + ": " + i.Json)) + "}";
    }
}
