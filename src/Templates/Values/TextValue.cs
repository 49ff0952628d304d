namespace LayerStream.Templates.Values;

/// <summary>A text seen as a sequence of code points (a lone surrogate counts as one).</summary>
internal sealed class TextValue(string text, MessageSpans? spans = null) : Value
{
    public static readonly TextValue Empty = new("");

    private int[]? _starts;
    private bool _scanned;

    public string Text { get; } = text;

    /// <summary>Which parts come from the conversation; null = none.</summary>
    public MessageSpans? Spans { get; } = spans;

    public override string TypeName => "str";

    public override bool IsTrue => Text.Length > 0;

    public override bool IsSameAs(Value other) => other is TextValue text && text.Text == Text;

    /// <summary>Number of code points.</summary>
    public int Length => Starts is { } starts ? starts.Length : Text.Length;

    /// <summary>A text that comes from the conversation as a whole.</summary>
    public static TextValue OfMessage(string text) => new(text, MessageSpans.All(text.Length));

    /// <summary>The UTF-16 units [begin, end); this very text when it is the whole.</summary>
    public TextValue Slice(int begin, int end)
    {
        if (begin == 0 && end == Text.Length)
        {
            return this;
        }

        if (begin >= end)
        {
            return Empty;
        }

        return Spans is null ? new TextValue(Text[begin..end])
            : Spans.Covers(Text.Length) ? OfMessage(Text[begin..end])
            : new TextBuilder().Append(this, begin, end - begin).ToValue();
    }

    /// <summary>
    /// This text after a change of its characters. Where they keep their places the parts keep their origin; otherwise the whole
    /// counts as the conversation's if any part did.
    /// </summary>
    public TextValue Mapped(string changed) =>
        Spans is null ? new TextValue(changed) : changed.Length == Text.Length ? new TextValue(changed, Spans) : OfMessage(changed);

    /// <summary>The code point at <paramref name="index"/> as a text.</summary>
    public TextValue At(int index)
    {
        if (Starts is not { } starts)
        {
            return Slice(index, index + 1);
        }

        int end = index + 1 < starts.Length ? starts[index + 1] : Text.Length;
        return Slice(starts[index], end);
    }

    /// <summary>Code points [begin, end) as a text.</summary>
    public TextValue Range(int begin, int end)
    {
        if (begin >= end)
        {
            return Empty;
        }

        if (Starts is not { } starts)
        {
            return Slice(begin, end);
        }

        return Slice(starts[begin], end < starts.Length ? starts[end] : Text.Length);
    }

    /// <summary>Code point index of a UTF-16 offset.</summary>
    public int IndexOfOffset(int offset)
    {
        if (Starts is not { } starts)
        {
            return offset;
        }

        int found = Array.BinarySearch(starts, offset);
        return found >= 0 ? found : ~found;
    }

    // UTF-16 offset of every code point; null when each takes one unit.
    private int[]? Starts
    {
        get
        {
            if (!_scanned)
            {
                _starts = Text.AsSpan().IndexOfAnyInRange('\ud800', '\udbff') < 0 ? null : Scan(Text);
                _scanned = true;
            }

            return _starts;
        }
    }

    private static int[] Scan(string text)
    {
        var starts = new List<int>(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            starts.Add(i);
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                i++;
            }
        }

        return [.. starts];
    }
}
