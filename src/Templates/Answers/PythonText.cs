using System.Globalization;
using System.Text;

namespace LayerStream.Templates.Answers;

/// <summary>Python literals and calls as JSON.</summary>
internal sealed class PythonText
{
    private const int MostDepth = 64;
    private readonly string _text;
    private readonly StringBuilder _json = new();
    private int _at;

    private PythonText(string text) => _text = text;

    /// <summary>A literal as JSON; null when the text is none.</summary>
    public static string? TryRead(string text)
    {
        PythonText reader = new(text);
        return reader.Value(0) && reader.IsAtEnd() ? reader._json.ToString() : null;
    }

    /// <summary>Calls <c>name(k=v, …)</c>, one or a list in brackets; null when the text is no such thing.</summary>
    public static List<(string Name, string Arguments)>? TryReadCalls(string text)
    {
        PythonText reader = new(text);
        bool isList = reader.Skip('[');
        List<(string, string)> calls = [];
        do
        {
            reader._json.Clear();
            string? name = reader.Name();
            if (name is null || !reader.Call())
            {
                return null;
            }

            calls.Add((name.EndsWith(".call", StringComparison.Ordinal) ? name[..^5] : name, reader._json.ToString()));
        }
        while (reader.Skip(',') || reader.Skip(';'));

        return (!isList || reader.Skip(']')) && reader.IsAtEnd() ? calls : null;
    }

    private bool Call()
    {
        if (!Skip('('))
        {
            return false;
        }

        _json.Append('{');
        for (bool isFirst = true; !Skip(')'); isFirst = false)
        {
            if (!isFirst && !Skip(','))
            {
                return false;
            }

            string? key = Name();
            if (key is null || !Skip('='))
            {
                return false;
            }

            _json.Append(isFirst ? "" : ", ").Append(JsonPieces.Quote(key)).Append(": ");
            if (!Value(1))
            {
                return false;
            }
        }

        _json.Append('}');
        return true;
    }

    private bool Value(int depth)
    {
        char c = Peek();
        return depth <= MostDepth && c switch
        {
            '{' => Dict(depth),
            '[' => Items(']', depth),
            '(' => Items(')', depth),
            '\'' or '"' => Text(),
            '-' or '+' or '.' or (>= '0' and <= '9') => Number(),
            _ => Word(),
        };
    }

    private bool Dict(int depth)
    {
        _at++;
        _json.Append('{');
        for (bool isFirst = true; !Skip('}'); isFirst = false)
        {
            if (!isFirst && (!Skip(',') || Peek() == '}'))
            {
                if (Skip('}'))
                {
                    break;
                }

                return false;
            }

            _json.Append(isFirst ? "" : ", ");
            if (Peek() is not ('\'' or '"') || !Text() || !Skip(':'))
            {
                return false;
            }

            _json.Append(": ");
            if (!Value(depth + 1))
            {
                return false;
            }
        }

        _json.Append('}');
        return true;
    }

    private bool Items(char end, int depth)
    {
        _at++;
        _json.Append('[');
        for (bool isFirst = true; !Skip(end); isFirst = false)
        {
            if (!isFirst && !Skip(','))
            {
                return false;
            }

            if (!isFirst && Skip(end))
            {
                break;
            }

            _json.Append(isFirst ? "" : ", ");
            if (!Value(depth + 1))
            {
                return false;
            }
        }

        _json.Append(']');
        return true;
    }

    private bool Text()
    {
        char quote = _text[_at++];
        StringBuilder text = new();
        while (_at < _text.Length && _text[_at] != quote)
        {
            char c = _text[_at++];
            if (c != '\\' || _at == _text.Length)
            {
                text.Append(c);
                continue;
            }

            char escaped = _text[_at++];
            text.Append(escaped switch
            {
                'n' => "\n",
                't' => "\t",
                'r' => "\r",
                '\\' or '\'' or '"' => escaped.ToString(),
                'u' or 'x' => Code(escaped == 'u' ? 4 : 2) ?? "\\" + escaped,
                _ => "\\" + escaped,
            });
        }

        _json.Append(JsonPieces.Quote(text.ToString()));
        return _at++ < _text.Length;
    }

    private string? Code(int digits)
    {
        if (_at + digits > _text.Length
            || !int.TryParse(_text.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int code))
        {
            return null;
        }

        _at += digits;
        return ((char)code).ToString();
    }

    private bool Number()
    {
        int start = _at;
        while (_at < _text.Length && (char.IsAsciiLetterOrDigit(_text[_at]) || _text[_at] is '+' or '-' or '.'))
        {
            _at++;
        }

        string number = _text[start.._at];
        _json.Append(number);
        return JsonPieces.KindOf(number) is System.Text.Json.JsonValueKind.Number;
    }

    private bool Word()
    {
        string? json = Name() switch
        {
            "True" or "true" => "true",
            "False" or "false" => "false",
            "None" or "null" => "null",
            _ => null,
        };
        _json.Append(json);
        return json is not null;
    }

    private string? Name()
    {
        Peek();
        int start = _at;
        while (_at < _text.Length && (char.IsLetterOrDigit(_text[_at]) || _text[_at] is '_' or '.' or '-'))
        {
            _at++;
        }

        return _at > start ? _text[start.._at] : null;
    }

    private bool Skip(char c)
    {
        if (Peek() != c)
        {
            return false;
        }

        _at++;
        return true;
    }

    private char Peek()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at]))
        {
            _at++;
        }

        return _at < _text.Length ? _text[_at] : '\0';
    }

    private bool IsAtEnd()
    {
        Peek();
        return _at == _text.Length;
    }
}
