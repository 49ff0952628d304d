namespace LayerStream.Templates.Values;

/// <summary>A text seen as a sequence of code points (a lone surrogate counts as one).</summary>
internal sealed class TextValue(string text) : Value
{
    public static readonly TextValue Empty = new("");

    private int[]? _starts;
    private bool _scanned;

    public string Text { get; } = text;

    public override string TypeName => "str";

    public override bool IsTrue => Text.Length > 0;

    /// <summary>Number of code points.</summary>
    public int Length => Starts is { } starts ? starts.Length : Text.Length;

    /// <summary>The code point at <paramref name="index"/> as a text.</summary>
    public string At(int index)
    {
        if (Starts is not { } starts)
        {
            return Text.Substring(index, 1);
        }

        int end = index + 1 < starts.Length ? starts[index + 1] : Text.Length;
        return Text[starts[index]..end];
    }

    /// <summary>Code points [begin, end) as a text.</summary>
    public string Range(int begin, int end)
    {
        if (begin >= end)
        {
            return "";
        }

        if (Starts is not { } starts)
        {
            return Text[begin..end];
        }

        return Text[starts[begin]..(end < starts.Length ? starts[end] : Text.Length)];
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
