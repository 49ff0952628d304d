namespace LayerStream.Sampling.Grammars.Regular;

/// <summary>A set of Unicode code points as sorted ranges that do not touch.</summary>
internal sealed class CodePointSet
{
    /// <summary>The largest code point.</summary>
    public const int Last = 0x10FFFF;

    private readonly (int Low, int High)[] _ranges;

    private CodePointSet((int Low, int High)[] ranges)
    {
        _ranges = ranges;
    }

    /// <summary>All code points.</summary>
    public static CodePointSet All { get; } = Of((0, Last));

    /// <summary>None.</summary>
    public static CodePointSet Empty { get; } = new([]);

    /// <summary>The ranges, both ends included.</summary>
    public IReadOnlyList<(int Low, int High)> Ranges => _ranges;

    /// <summary>A set of ranges in any order.</summary>
    public static CodePointSet Of(params IEnumerable<(int Low, int High)> ranges)
    {
        List<(int Low, int High)> merged = [];
        foreach ((int low, int high) in ranges.OrderBy(r => r.Low))
        {
            if (merged.Count > 0 && low <= merged[^1].High + 1)
            {
                merged[^1] = (merged[^1].Low, Math.Max(merged[^1].High, high));
            }
            else
            {
                merged.Add((low, high));
            }
        }

        return new CodePointSet([.. merged]);
    }

    /// <summary>The points of either set.</summary>
    public CodePointSet Union(CodePointSet other) => Of(_ranges.Concat(other._ranges));

    /// <summary>The points of both sets.</summary>
    public CodePointSet Intersect(CodePointSet other) => Complement().Union(other.Complement()).Complement();

    /// <summary>The points that are not in the set.</summary>
    public CodePointSet Complement()
    {
        List<(int Low, int High)> gaps = [];
        int next = 0;
        foreach ((int low, int high) in _ranges)
        {
            if (low > next)
            {
                gaps.Add((next, low - 1));
            }

            next = high + 1;
        }

        if (next <= Last)
        {
            gaps.Add((next, Last));
        }

        return new CodePointSet([.. gaps]);
    }

    /// <summary>Whether the set has a point from <paramref name="low"/> to <paramref name="high"/>.</summary>
    public bool Meets(int low, int high)
    {
        int from = 0, to = _ranges.Length;
        while (from < to)
        {
            int middle = (from + to) / 2;
            if (_ranges[middle].High < low)
            {
                from = middle + 1;
            }
            else
            {
                to = middle;
            }
        }

        return from < _ranges.Length && _ranges[from].Low <= high;
    }
}
