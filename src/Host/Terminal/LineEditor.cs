using System.Globalization;
using System.Text;

namespace LayerStream.Host.Terminal;

/// <summary>Reads lines that a person edits at a terminal: moving, deleting, what was sent before, several lines, pasted text. There is no
/// file of what was said: it is forgotten with the program.</summary>
/// <param name="screen">Where the line is drawn.</param>
/// <param name="columns">Width of the terminal at present.</param>
/// <param name="readKey">Gives the next key.</param>
/// <param name="hasKey">Whether there is one already.</param>
internal sealed class LineEditor(TextWriter screen, Func<int> columns, Func<ConsoleKeyInfo> readKey, Func<bool> hasKey)
{
    private const int MostHistory = 1000;
    private readonly List<string> _history = [];
    private int _row; // of the cursor, below the first row of what is drawn

    /// <summary>The editor of this terminal; null where there is none that a line can be drawn on.</summary>
    public static LineEditor? OfConsole() => Console.IsInputRedirected || !TerminalKind.IsErrorRewritable ? null
        : new(Console.Error, TextColumns.OfTerminal, () => Console.ReadKey(intercept: true), () => Console.KeyAvailable);

    /// <summary>Reads what is sent next; null at the end of input.</summary>
    /// <param name="prompt">In front of the first line.</param>
    public string? Read(string prompt)
    {
        EditedText text = new(_history);
        _row = 0;
        Draw(prompt, text, text.Cursor);
        while (true)
        {
            ConsoleKeyInfo key = readKey();
            bool isPasted = hasKey();
            EditedText.Outcome outcome = text.Take(key, isPasted);
            if (outcome != EditedText.Outcome.Open)
            {
                Draw(prompt, text, text.Text.Length);
                screen.Write('\n');
                return outcome == EditedText.Outcome.Ended ? null : Sent(text.Text);
            }

            if (!isPasted)
            {
                Draw(prompt, text, text.Cursor); // of pasted text only the whole is drawn
            }
        }
    }

    private string Sent(string text)
    {
        if (text.Length > 0 && (_history.Count == 0 || _history[^1] != text))
        {
            _history.Add(text);
            if (_history.Count > MostHistory)
            {
                _history.RemoveAt(0);
            }
        }

        return text;
    }

    // From the first row on everything is drawn anew; then the cursor goes back to its place.
    private void Draw(string prompt, EditedText text, int cursor)
    {
        int width = Math.Max(2, columns());
        string more = new(' ', prompt.Length);
        StringBuilder drawn = new("\r");
        drawn.Append(_row > 0 ? string.Create(CultureInfo.InvariantCulture, $"\e[{_row}A") : "").Append("\e[J").Append(prompt);
        (int row, int column) = (0, prompt.Length);
        (int Row, int Column)? place = null;
        int at = 0;
        foreach (Rune rune in text.Text.EnumerateRunes())
        {
            int wide = rune.Value == '\n' ? 0 : TextColumns.Of(rune);
            if (column + wide > width)
            {
                (row, column) = (row + 1, 0);
                drawn.Append("\r\n");
            }

            place = at == cursor ? (row, column) : place;
            at += rune.Utf16SequenceLength;
            if (rune.Value == '\n')
            {
                (row, column) = (row + 1, more.Length);
                drawn.Append("\r\n").Append(more);
                continue;
            }

            drawn.Append(rune.Value == '\t' ? " " : rune.Value < ' ' ? "?" : rune.ToString());
            column += wide;
        }

        if (column == width)
        {
            (row, column) = (row + 1, 0);
            drawn.Append("\r\n");
        }

        (int toRow, int toColumn) = place ?? (row, column);
        drawn.Append(row > toRow ? string.Create(CultureInfo.InvariantCulture, $"\e[{row - toRow}A") : "").Append('\r');
        drawn.Append(toColumn > 0 ? string.Create(CultureInfo.InvariantCulture, $"\e[{toColumn}C") : "");
        _row = toRow;
        screen.Write(drawn);
        screen.Flush();
    }
}
