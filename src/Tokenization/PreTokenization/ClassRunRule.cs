namespace LayerStream.Tokenization.PreTokenization;

/// <summary>A run of characters of one class, <c>\s?X{min,max}</c>; the leading whitespace and the end of the word are options.</summary>
internal sealed class ClassRunRule : SplitRule
{
    private readonly byte _classes;
    private readonly CodePointRanges _ranges;

    /// <summary>Characters that have one of the classes or lie in the ranges.</summary>
    public ClassRunRule(byte classes, CodePointRanges? ranges = null)
    {
        _classes = classes;
        _ranges = ranges ?? CodePointRanges.None;
    }

    public int Shortest { get; init; } = 1;

    public int Longest { get; init; } = int.MaxValue;

    /// <summary>One whitespace character before the run belongs to it.</summary>
    public bool WhitespaceLeads { get; init; }

    /// <summary>Only a run that reaches the end matches.</summary>
    public bool AtEnd { get; init; }

    public override int Match(in CodePointText text, int position, int end)
    {
        int start = position;
        if (!IsIn(text, start))
        {
            start++;
            if (!WhitespaceLeads || !text.Has(position, CharacterClass.Whitespace) || start == end || !IsIn(text, start))
            {
                return 0;
            }
        }

        int stop = start;
        while (stop < end && stop - start < Longest && IsIn(text, stop))
        {
            stop++;
        }

        bool matches = stop - start >= Shortest && (!AtEnd || stop == end);
        return matches ? stop - position : position - stop;
    }

    private bool IsIn(in CodePointText text, int position) => text.Has(position, _classes) || _ranges.Contains(text[position]);
}
