using System.Globalization;
using System.Text;

namespace LayerStream.Templates.Answers;

/// <summary>What a reader makes of a character.</summary>
internal enum ReadStep
{
    /// <summary>Taken; more belongs to it.</summary>
    More,

    /// <summary>Taken, and it was the last.</summary>
    Done,

    /// <summary>Not taken: it was whole before.</summary>
    DoneBefore,

    /// <summary>Taken, and it does not fit.</summary>
    Failed,

    /// <summary>Not taken: it does not fit.</summary>
    FailedBefore,
}

/// <summary>Passes one JSON value on as it comes, checking every character. A control character inside a string, which models write for
/// line breaks, is passed on as an escape.</summary>
/// <param name="pass">Gets the value's text.</param>
internal sealed class JsonRelay(Action<string> pass)
{
    private const int MostDepth = 64;
    private readonly Stack<bool> _objects = new(); // true = object, false = array
    private readonly StringBuilder _word = new();
    private State _state = State.Value;
    private bool _isKey;
    private int _digits;

    private enum State
    {
        Value,
        FirstValue,
        FirstKey,
        Key,
        Colon,
        Next,
        Text,
        Escape,
        Unicode,
        Word,
    }

    /// <summary>Takes a character.</summary>
    public ReadStep Take(char c) => _state switch
    {
        State.Text => InText(c),
        State.Escape => InEscape(c),
        State.Unicode => InUnicode(c),
        State.Word => InWord(c),
        _ when c is ' ' or '\t' or '\n' or '\r' => Pass(c),
        State.FirstValue when c == ']' => Close(c),
        State.Value or State.FirstValue => Begin(c),
        State.FirstKey when c == '}' => Close(c),
        State.FirstKey or State.Key => c == '"' ? BeginText(isKey: true) : ReadStep.FailedBefore,
        State.Colon => c == ':' ? Pass(c, State.Value) : ReadStep.FailedBefore,
        _ => InNext(c),
    };

    /// <summary>No more characters come: whether the value is whole.</summary>
    public bool End() => _state == State.Word && _objects.Count == 0 && IsWord(_word.ToString());

    private ReadStep Begin(char c)
    {
        switch (c)
        {
            case '{' or '[':
                if (_objects.Count == MostDepth)
                {
                    return ReadStep.FailedBefore;
                }

                _objects.Push(c == '{');
                return Pass(c, c == '{' ? State.FirstKey : State.FirstValue);
            case '"':
                return BeginText(isKey: false);
            case '-' or (>= '0' and <= '9') or 't' or 'f' or 'n':
                _word.Clear().Append(c);
                return Pass(c, State.Word);
            default:
                return ReadStep.FailedBefore;
        }
    }

    private ReadStep BeginText(bool isKey)
    {
        _isKey = isKey;
        return Pass('"', State.Text);
    }

    private ReadStep InText(char c)
    {
        switch (c)
        {
            case '"':
                return _isKey ? Pass(c, State.Colon) : EndValue(c);
            case '\\':
                return Pass(c, State.Escape);
            case < ' ':
                pass(c switch
                {
                    '\n' => "\\n",
                    '\r' => "\\r",
                    '\t' => "\\t",
                    _ => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                });
                return ReadStep.More;
            default:
                return Pass(c);
        }
    }

    private ReadStep InEscape(char c)
    {
        if (c == 'u')
        {
            _digits = 0;
            return Pass(c, State.Unicode);
        }

        return c is '"' or '\\' or '/' or 'b' or 'f' or 'n' or 'r' or 't' ? Pass(c, State.Text) : ReadStep.FailedBefore;
    }

    private ReadStep InUnicode(char c) => !char.IsAsciiHexDigit(c) ? ReadStep.FailedBefore
        : Pass(c, ++_digits == 4 ? State.Text : State.Unicode);

    private ReadStep InWord(char c)
    {
        if (char.IsAsciiLetterOrDigit(c) || c is '+' or '-' or '.')
        {
            _word.Append(c);
            return Pass(c);
        }

        if (!IsWord(_word.ToString()))
        {
            return ReadStep.FailedBefore;
        }

        if (_objects.Count == 0)
        {
            return ReadStep.DoneBefore;
        }

        _state = State.Next;
        return Take(c);
    }

    private ReadStep InNext(char c)
    {
        bool isObject = _objects.Peek();
        return c switch
        {
            ',' => Pass(c, isObject ? State.Key : State.Value),
            '}' when isObject => Close(c),
            ']' when !isObject => Close(c),
            _ => ReadStep.FailedBefore,
        };
    }

    private ReadStep Close(char c)
    {
        _objects.Pop();
        return EndValue(c);
    }

    private ReadStep EndValue(char c)
    {
        Pass(c, State.Next);
        return _objects.Count == 0 ? ReadStep.Done : ReadStep.More;
    }

    private ReadStep Pass(char c, State next)
    {
        _state = next;
        return Pass(c);
    }

    private ReadStep Pass(char c)
    {
        pass(c.ToString());
        return ReadStep.More;
    }

    private static bool IsWord(string word) => word is "true" or "false" or "null"
        || (word[0] is '-' or (>= '0' and <= '9') && JsonPieces.KindOf(word) == System.Text.Json.JsonValueKind.Number);
}
