using System.Text;

namespace LayerStream.Templates.Answers;

/// <summary>Gemma 4's calls <c>NAME{key:&lt;|"|&gt;text&lt;|"|&gt;,n:2}</c>: bare keys, strings between marks,
/// everything else as JSON.</summary>
internal sealed class GemmaCall
{
    private const string Quote = "<|\"|>";
    private const int MostDepth = 64;
    private readonly string _text;
    private readonly StringBuilder _json = new();
    private int _at;

    private GemmaCall(string text) => _text = text;

    /// <summary>The call of a body; null when it is none.</summary>
    public static List<(string Name, string Arguments)>? Read(string body, OfferedTools tools)
    {
        int open = body.IndexOf('{', StringComparison.Ordinal);
        if (open < 0)
        {
            return null;
        }

        GemmaCall reader = new(body) { _at = open };
        return reader.Value(0) && reader.IsAtEnd() ? [(body[..open].Trim(), reader._json.ToString())] : null;
    }

    private bool Value(int depth)
    {
        Space();
        if (depth > MostDepth || _at >= _text.Length)
        {
            return false;
        }

        if (At(Quote))
        {
            return Text();
        }

        return _text[_at] switch
        {
            '{' => Group('{', '}', depth),
            '[' => Group('[', ']', depth),
            _ => Word(),
        };
    }

    private bool Group(char open, char close, int depth)
    {
        _at++;
        _json.Append(open);
        Space();
        for (bool isFirst = true; _at < _text.Length && _text[_at] != close; isFirst = false)
        {
            if (!isFirst)
            {
                if (_text[_at++] != ',')
                {
                    return false;
                }

                _json.Append(", ");
            }

            if ((open == '{' && !Key()) || !Value(depth + 1))
            {
                return false;
            }

            Space();
        }

        _json.Append(close);
        return _at++ < _text.Length;
    }

    private bool Key()
    {
        Space();
        if (At(Quote))
        {
            return Text() && Colon();
        }

        int colon = _text.IndexOf(':', _at);
        if (colon < 0)
        {
            return false;
        }

        _json.Append(JsonPieces.Quote(_text[_at..colon].Trim()));
        _at = colon;
        return Colon();
    }

    private bool Colon()
    {
        _json.Append(": ");
        return _at < _text.Length && _text[_at++] == ':';
    }

    private bool Text()
    {
        int end = _text.IndexOf(Quote, _at + Quote.Length, StringComparison.Ordinal);
        if (end < 0)
        {
            return false;
        }

        _json.Append(JsonPieces.Quote(_text[(_at + Quote.Length)..end]));
        _at = end + Quote.Length;
        return true;
    }

    private bool Word()
    {
        int start = _at;
        while (_at < _text.Length && _text[_at] is not (',' or '}' or ']'))
        {
            _at++;
        }

        string word = _text[start.._at].Trim();
        _json.Append(JsonPieces.KindOf(word) is not null ? word : JsonPieces.Quote(word));
        return word.Length > 0;
    }

    private bool At(string mark) => string.CompareOrdinal(_text, _at, mark, 0, mark.Length) == 0;

    private void Space()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at]))
        {
            _at++;
        }
    }

    private bool IsAtEnd()
    {
        Space();
        return _at == _text.Length;
    }
}
