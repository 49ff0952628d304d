using System.Text.RegularExpressions;
using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Builtins;

/// <summary>wordwrap, truncate, center, wordcount: text made to fit a width in code points.</summary>
internal static partial class WrapFilters
{
    private const int WrapMilliseconds = 2000;

    public static Value Truncate(Call call)
    {
        int length = call.Integer(0, 255), leeway = call[3] is null or NoneValue ? 5 : call.Integer(3, 5);
        var end = call[2] is { } given ? ValueText.Of(call.State, given) : new TextValue("...");
        if (length < end.Length || leeway < 0)
        {
            throw call.State.Error($"truncate: expected a length of at least {end.Length} and a leeway of at least 0");
        }

        if (Sequences.Length(call.State, call.Self) <= (long)length + leeway)
        {
            return call.Self;
        }

        var text = RequiredText(call, "truncate");

        var kept = text.Range(0, length - end.Length);
        int space = call.Flag(1) ? -1 : kept.Text.LastIndexOf(' ');
        return call.State.Text(new TextBuilder().Append(space < 0 ? kept : kept.Slice(0, space)).Append(end).ToValue());
    }

    public static Value Center(Call call) => TextMethods.Centered(call.State, call.SelfValue, call.Integer(0, 80), ' ');

    public static Value WordCount(Call call)
    {
        string text = call.SelfText;
        call.State.ChargeText(text.Length);
        return new IntValue(Word().Count(text));
    }

    /// <summary>Lines of at most a width, as Python's textwrap cuts them; line ends in the text stay.</summary>
    public static Value WordWrap(Call call)
    {
        var text = RequiredText(call, "wordwrap");
        int width = call.Integer(0, 79);
        if (width < 1)
        {
            throw call.State.Error($"invalid width {width} (must be > 0)");
        }

        bool breaksWords = call[1]?.IsTrue ?? true, breaksHyphens = call[3]?.IsTrue ?? true;
        var between = call[2] is null or NoneValue ? new TextValue("\n") : call.TextValue(2);
        var wrapped = new List<TextValue>();
        call.State.ChargeText(text.Text.Length);
        try
        {
            foreach (var (begin, end) in Whitespace.Lines(text.Text))
            {
                var line = text.Slice(begin, end);
                var lines = Wrap(Pieces(line, breaksHyphens), width, breaksWords, breaksHyphens);
                call.State.Charge(lines.Count);
                wrapped.Add(SequenceFilters.JoinTexts(call.State, between, lines));
            }
        }
        catch (RegexMatchTimeoutException)
        {
            throw call.State.Error("wordwrap takes too long");
        }

        return SequenceFilters.JoinTexts(call.State, between, wrapped);
    }

    private static TextValue RequiredText(Call call, string filter) => call.Self as TextValue
        ?? throw call.State.Error($"{filter}: text is required, not {call.Self.TypeName}");

    // Words, and the white space between them, in reverse.
    private static Stack<TextValue> Pieces(TextValue line, bool breaksHyphens)
    {
        var pieces = new List<TextValue>();
        int from = 0;
        foreach (Match match in (breaksHyphens ? Piece() : PlainPiece()).Matches(line.Text))
        {
            if (match.Index > from)
            {
                pieces.Add(line.Slice(from, match.Index));
            }

            from = match.Index + match.Length;
            pieces.Add(line.Slice(match.Index, from));
        }

        if (from < line.Text.Length)
        {
            pieces.Add(line.Slice(from, line.Text.Length));
        }

        pieces.Reverse();
        return new Stack<TextValue>(pieces);
    }

    private static List<TextValue> Wrap(Stack<TextValue> pieces, int width, bool breaksWords, bool breaksHyphens)
    {
        var lines = new List<TextValue>();
        while (pieces.Count > 0)
        {
            var line = new List<TextValue>();
            int length = 0;
            if (lines.Count > 0 && Whitespace.IsBlank(pieces.Peek().Text))
            {
                pieces.Pop();
            }

            while (pieces.TryPeek(out var piece) && length + piece.Length <= width)
            {
                length += piece.Length;
                line.Add(pieces.Pop());
            }

            if (pieces.TryPeek(out var longest) && longest.Length > width)
            {
                BreakWord(pieces, line, width - length, breaksWords, breaksHyphens);
            }

            if (line.Count > 0 && Whitespace.IsBlank(line[^1].Text))
            {
                line.RemoveAt(line.Count - 1);
            }

            if (line.Count > 0)
            {
                lines.Add(line.Aggregate(new TextBuilder(), (builder, piece) => builder.Append(piece)).ToValue());
            }
        }

        return lines;
    }

    // A word longer than a line: what fits of it goes into the line.
    private static void BreakWord(Stack<TextValue> pieces, List<TextValue> line, int room, bool breaksWords, bool breaksHyphens)
    {
        if (!breaksWords)
        {
            if (line.Count == 0)
            {
                line.Add(pieces.Pop());
            }

            return;
        }

        var word = pieces.Pop();
        int end = room;
        if (breaksHyphens && word.Length > room)
        {
            string head = word.Range(0, room).Text;
            int hyphen = head.LastIndexOf('-');
            end = hyphen > 0 && head.AsSpan(0, hyphen).ContainsAnyExcept('-') ? word.IndexOfOffset(hyphen) + 1 : end;
        }

        line.Add(word.Range(0, end));
        pieces.Push(word.Range(end, word.Length));
    }

    [GeneratedRegex(@"[\w]+", RegexOptions.CultureInvariant, WrapMilliseconds)]
    private static partial Regex Word();

    // Of Python's textwrap: white space; a dash of two or more hyphens between words; a word up to a hyphen, a space or such a dash.
    [GeneratedRegex(@"[\t\n\v\f\r ]+|(?<=[\w!""'&.,?])-{2,}(?=\w)|[^\t\n\v\f\r ]+?(?:-(?:(?<=[^\d\W]{2}-)|(?<=[^\d\W]-[^\d\W]-))"
        + @"(?=[^\d\W]-?[^\d\W])|(?=[\t\n\v\f\r ]|\z)|(?<=[\w!""'&.,?])(?=-{2,}\w))",
        RegexOptions.CultureInvariant, WrapMilliseconds)]
    private static partial Regex Piece();

    [GeneratedRegex(@"[\t\n\v\f\r ]+", RegexOptions.CultureInvariant, WrapMilliseconds)]
    private static partial Regex PlainPiece();
}
