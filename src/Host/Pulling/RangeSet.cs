namespace LayerStream.Host.Pulling;

/// <summary>Ranges of a file: [begin, end), apart from each other, in order.</summary>
internal sealed class RangeSet
{
    private readonly List<(long Begin, long End)> _ranges = [];

    /// <summary>From begin and end, begin and end.</summary>
    public static RangeSet Of(IReadOnlyList<long> borders)
    {
        RangeSet set = new();
        for (int i = 0; i + 1 < borders.Count; i += 2)
        {
            set.Add(borders[i], borders[i + 1]);
        }

        return set;
    }

    /// <summary>Begin and end, begin and end.</summary>
    public IReadOnlyList<long> Borders => [.. _ranges.SelectMany(r => new[] { r.Begin, r.End })];

    /// <summary>Bytes of all ranges.</summary>
    public long Bytes => _ranges.Sum(r => r.End - r.Begin);

    /// <summary>Takes all away.</summary>
    public void Clear() => _ranges.Clear();

    /// <summary>Adds a range, which may touch or overlap others.</summary>
    public void Add(long begin, long end)
    {
        if (end <= begin)
        {
            return;
        }

        int first = _ranges.FindIndex(r => r.End >= begin);
        first = first < 0 ? _ranges.Count : first;
        int last = first;
        while (last < _ranges.Count && _ranges[last].Begin <= end)
        {
            (begin, end) = (Math.Min(begin, _ranges[last].Begin), Math.Max(end, _ranges[last].End));
            last++;
        }

        _ranges.RemoveRange(first, last - first);
        _ranges.Insert(first, (begin, end));
    }

    /// <summary>What is missing of a file, in order, in pieces that begin and end at multiples of the piece where they can.</summary>
    public IReadOnlyList<(long Begin, long End)> Missing(long totalBytes, long pieceBytes)
    {
        List<(long Begin, long End)> missing = [];
        long at = 0;
        foreach ((long begin, long end) in _ranges.Append((totalBytes, totalBytes)))
        {
            while (at < begin)
            {
                long next = Math.Min(begin, ((at / pieceBytes) + 1) * pieceBytes);
                missing.Add((at, next));
                at = next;
            }

            at = end;
        }

        return missing;
    }
}
