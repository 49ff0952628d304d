namespace LayerStream.Templates.Values;

/// <summary>
/// The parts of a text that come from the conversation and not from the template: sorted, disjoint, non-empty spans of UTF-16
/// units, immutable. Null stands for none.
/// </summary>
internal sealed class MessageSpans
{
    // Begin and end of each span in turn; strictly increasing.
    private readonly int[] _borders;

    private MessageSpans(int[] borders)
    {
        _borders = borders;
    }

    public int Count => _borders.Length / 2;

    public (int Begin, int End) this[int index] => (_borders[2 * index], _borders[(2 * index) + 1]);

    /// <summary>The whole of a text of the given length; null when it is empty.</summary>
    public static MessageSpans? All(int length) => length > 0 ? new MessageSpans([0, length]) : null;

    /// <summary>Spans with the given borders, begin and end in turn; null when there are none.</summary>
    public static MessageSpans? FromBorders(List<int> borders) => borders.Count > 0 ? new MessageSpans([.. borders]) : null;

    /// <summary>Index of the first span that ends after the offset; <see cref="Count"/> when there is none.</summary>
    public int FirstEndingAfter(int offset)
    {
        int at = Array.BinarySearch(_borders, offset);
        int after = at >= 0 ? at + 1 : ~at;
        return after / 2;
    }

    /// <summary>True when one span covers the text of the given length.</summary>
    public bool Covers(int length) => _borders is [0, var end] && end >= length;
}
