using System.Text;

namespace LayerStream.Host.Terminal;

/// <summary>A text that a person edits, key by key, with what was sent before at hand. Nothing is drawn here.</summary>
/// <param name="history">What was sent before, the oldest first.</param>
internal sealed class EditedText(IReadOnlyList<string> history)
{
    private const int MostChars = 8 << 20;
    private readonly StringBuilder _text = new();
    private int _place = history.Count; // behind the last = the text that is being written
    private string _written = "";

    /// <summary>What a key led to.</summary>
    public enum Outcome
    {
        /// <summary>It goes on.</summary>
        Open,

        /// <summary>The text is to be sent.</summary>
        Sent,

        /// <summary>There is no more input.</summary>
        Ended,
    }

    /// <summary>The text.</summary>
    public string Text => _text.ToString();

    /// <summary>Index in the text of the character that the cursor stands on.</summary>
    public int Cursor { get; private set; }

    /// <summary>Takes a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="isPasted">Whether more input lies behind it already, as after pasting: then a line's end sends nothing.</param>
    public Outcome Take(ConsoleKeyInfo key, bool isPasted)
    {
        bool isControl = key.Modifiers.HasFlag(ConsoleModifiers.Control), isAlt = key.Modifiers.HasFlag(ConsoleModifiers.Alt);
        switch (key.Key)
        {
            case ConsoleKey.Enter when !isPasted && key.Modifiers == ConsoleModifiers.None:
                return Outcome.Sent;
            case ConsoleKey.Enter:
                Insert("\n");
                break;
            case ConsoleKey.Tab when isPasted:
                Insert("\t"); // of pasted code; a person who presses it has no use for one
                break;
            case ConsoleKey.D when isControl && _text.Length == 0:
                return Outcome.Ended;
            case ConsoleKey.D when isControl:
            case ConsoleKey.Delete:
                Remove(Cursor, Next(Cursor));
                break;
            case ConsoleKey.Backspace when isAlt || isControl:
            case ConsoleKey.W when isControl:
                Remove(WordBefore(Cursor), Cursor);
                break;
            case ConsoleKey.Backspace:
                Remove(Previous(Cursor), Cursor);
                break;
            case ConsoleKey.U when isControl:
                Remove(LineBegin(Cursor), Cursor);
                break;
            case ConsoleKey.K when isControl:
                Remove(Cursor, LineEnd(Cursor));
                break;
            default:
                // AltGr comes as both; either alone is no text.
                if (!Move(key, isControl, isAlt) && !char.IsControl(key.KeyChar) && isControl == isAlt)
                {
                    Insert(key.KeyChar.ToString());
                }

                break;
        }

        return Outcome.Open;
    }

    private bool Move(ConsoleKeyInfo key, bool isControl, bool isAlt)
    {
        int? cursor = key.Key switch
        {
            ConsoleKey.LeftArrow when isControl || isAlt => WordBefore(Cursor),
            ConsoleKey.RightArrow when isControl || isAlt => WordBehind(Cursor),
            ConsoleKey.LeftArrow => Previous(Cursor),
            ConsoleKey.RightArrow => Next(Cursor),
            ConsoleKey.Home => LineBegin(Cursor),
            ConsoleKey.End => LineEnd(Cursor),
            ConsoleKey.A when isControl => LineBegin(Cursor),
            ConsoleKey.E when isControl => LineEnd(Cursor),
            ConsoleKey.UpArrow => Up(),
            ConsoleKey.DownArrow => Down(),
            _ => null,
        };
        Cursor = cursor ?? Cursor;
        return cursor is not null;
    }

    // Within a text of several lines up and down are its lines, at its ends they are what was sent before.
    private int Up()
    {
        int begin = LineBegin(Cursor);
        if (begin > 0)
        {
            return Math.Min(LineBegin(begin - 1) + Cursor - begin, begin - 1);
        }

        return _place > 0 ? Show(_place - 1) : Cursor;
    }

    private int Down()
    {
        int end = LineEnd(Cursor);
        if (end < _text.Length)
        {
            return Math.Min(end + 1 + Cursor - LineBegin(Cursor), LineEnd(end + 1));
        }

        return _place < history.Count ? Show(_place + 1) : Cursor;
    }

    private int Show(int place)
    {
        _written = _place == history.Count ? Text : _written;
        _place = place;
        _text.Clear().Append(place == history.Count ? _written : history[place]);
        return _text.Length;
    }

    private void Insert(string text)
    {
        if (_text.Length < MostChars)
        {
            _text.Insert(Cursor, text);
            Cursor += text.Length;
        }
    }

    private void Remove(int begin, int end)
    {
        _text.Remove(begin, end - begin);
        Cursor = begin;
    }

    private int Previous(int at) => at == 0 ? 0 : at > 1 && char.IsLowSurrogate(_text[at - 1]) ? at - 2 : at - 1;

    private int Next(int at) => at == _text.Length ? at : at + 1 < _text.Length && char.IsHighSurrogate(_text[at]) ? at + 2 : at + 1;

    private int WordBefore(int at)
    {
        while (at > 0 && !char.IsLetterOrDigit(_text[at - 1]))
        {
            at--;
        }

        while (at > 0 && char.IsLetterOrDigit(_text[at - 1]))
        {
            at--;
        }

        return at;
    }

    private int WordBehind(int at)
    {
        while (at < _text.Length && !char.IsLetterOrDigit(_text[at]))
        {
            at++;
        }

        while (at < _text.Length && char.IsLetterOrDigit(_text[at]))
        {
            at++;
        }

        return at;
    }

    private int LineBegin(int at)
    {
        while (at > 0 && _text[at - 1] != '\n')
        {
            at--;
        }

        return at;
    }

    private int LineEnd(int at)
    {
        while (at < _text.Length && _text[at] != '\n')
        {
            at++;
        }

        return at;
    }
}
