using System.Text;

namespace LayerStream.Host.Terminal;

/// <summary>Shows an answer as it grows. At a terminal words are wrapped and the thought is dim; elsewhere the text goes out as it
/// is.</summary>
/// <param name="output">Where to.</param>
/// <param name="columns">Width of the terminal; 0 = it is none.</param>
internal sealed class AnswerScreen(TextWriter output, int columns)
{
    private const int Narrow = 20; // below that wrapped words are harder to read than cut ones
    private const string Dim = "\e[2m", Bright = "\e[22m", Fence = "```";
    private readonly StringBuilder _word = new();
    private readonly StringBuilder _lineBegin = new();
    private int _column;
    private int _spaces;
    private int _wordColumns;
    private bool _isCut; // what comes next goes on with a word that was shown in part
    private bool _isDim;
    private bool _isCode;

    /// <summary>Whether it shows more than bare text.</summary>
    public bool IsRich => columns > 0;

    /// <summary>Whether anything of the answer was shown.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Standard output as it is now.</summary>
    public static AnswerScreen OfConsole() =>
        new(Console.Out, Console.IsOutputRedirected || TerminalKind.IsPlain ? 0 : TextColumns.OfTerminal());

    /// <summary>Shows text. Errors: <see cref="OutputClosedException"/>.</summary>
    public void Text(string text) => Show(text, isThought: false);

    /// <summary>Shows text of the thought; only at a terminal.</summary>
    public void Thought(string text)
    {
        if (IsRich)
        {
            Show(text, isThought: true);
        }
    }

    /// <summary>Ends the answer; what was held back is shown.</summary>
    public void End()
    {
        EndWord();
        Style(isThought: false);
        output.WriteLine();
        (_column, _spaces, _isCode, HasBegun) = (0, 0, false, false);
        _lineBegin.Clear();
    }

    private void Show(string text, bool isThought)
    {
        HasBegun |= text.Length > 0;
        if (!IsRich)
        {
            output.Write(text);
            return;
        }

        if (isThought != _isDim && text.Length > 0)
        {
            bool isBehindThought = _isDim;
            EndWord();
            Style(isThought);
            if (isBehindThought && _column > 0)
            {
                EndLine();
            }
        }

        foreach (Rune rune in text.EnumerateRunes())
        {
            Take(rune);
        }

        output.Flush();
    }

    private void Take(Rune rune)
    {
        if (rune.Value == '\n')
        {
            EndWord();
            EndLine();
            return;
        }

        if (rune.Value == ' ')
        {
            EndWord();
            _isCut = false;
            _spaces++;
            return;
        }

        int wide = TextColumns.Of(rune);
        _word.Append(rune.ToString());
        _wordColumns += wide;
        if (wide > 1 || _wordColumns >= columns)
        {
            EndWord();
            _isCut = wide < 2; // between wide characters a line may end
        }
    }

    private void EndWord()
    {
        if (_word.Length == 0)
        {
            return;
        }

        if (_column > 0 && _column + _spaces + _wordColumns > columns && !_isCut && !_isCode && columns >= Narrow)
        {
            output.Write('\n');
            _column = 0;
        }
        else
        {
            output.Write(new string(' ', _spaces));
            _column += _spaces;
        }

        if (_lineBegin.Length < Fence.Length)
        {
            _lineBegin.Append(_word);
        }

        output.Write(_word);
        _column += _wordColumns;
        (_spaces, _wordColumns) = (0, 0);
        _word.Clear();
    }

    private void EndLine()
    {
        _isCode ^= _lineBegin.ToString().StartsWith(Fence, StringComparison.Ordinal);
        _lineBegin.Clear();
        (_column, _spaces, _isCut) = (0, 0, false);
        output.Write('\n');
    }

    private void Style(bool isThought)
    {
        if (isThought != _isDim)
        {
            output.Write(isThought ? Dim : Bright);
            _isDim = isThought;
        }
    }
}
