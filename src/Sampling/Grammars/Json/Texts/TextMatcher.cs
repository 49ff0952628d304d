using LayerStream.Sampling.Grammars.Regular;

namespace LayerStream.Sampling.Grammars.Json.Texts;

/// <summary>Where the content of a text stands, as UTF-8 without escapes. Immutable and interned.</summary>
internal abstract class TextMatcher
{
    private const int FirstPlain = 0x20, LastPlain = 0x7E;

    private CodePointSet? _live;
    private CodePointSet? _unusual;

    /// <summary>Whether the content may end here.</summary>
    public abstract bool CanEnd { get; }

    /// <summary>Whether any content may follow.</summary>
    public virtual bool TakesAll => false;

    /// <summary>Whether it is between two characters, and for so many bytes any content may follow and end anywhere.</summary>
    public virtual bool IsFree(int bytes) => false;

    /// <summary>Tokens that end the content; <see cref="EndCosts.Far"/> = not known.</summary>
    /// <param name="costs">The costs.</param>
    /// <param name="signs">Rest of the escape in front, which is not written yet.</param>
    public virtual int Needed(EndCosts costs, byte[] signs) => EndCosts.Far;

    /// <summary>The code points that may come next; none in the middle of one.</summary>
    public CodePointSet Live => _live ??= CodePointSet.Of(Find());

    /// <summary>Those of them that are no printable ASCII.</summary>
    public CodePointSet Unusual => _unusual ??= CodePointSet.Of(Live.Ranges
        .SelectMany(r => new[] { (r.Low, High: Math.Min(r.High, FirstPlain - 1)), (Low: Math.Max(r.Low, LastPlain + 1), r.High) })
        .Where(r => r.Item1 <= r.Item2));

    /// <summary>The matcher one byte further, or null.</summary>
    public abstract TextMatcher? Next(byte value);

    /// <summary>A matcher that lets the same tokens of at most this many bytes through.</summary>
    public virtual TextMatcher Representative(int longestTokenBytes) => this;

    private IEnumerable<(int Low, int High)> Find()
    {
        Dictionary<(TextMatcher, int), List<(int Low, int High)>> known = [];
        for (int lead = 0; lead < 0xF5; lead++)
        {
            int places = lead < 0x80 ? 0 : lead < 0xC2 ? -1 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
            if (places < 0 || Next((byte)lead) is not { } next)
            {
                continue;
            }

            int first = places == 0 ? lead : (lead & (0x3F >> places)) << (6 * places);
            foreach ((int low, int high) in Tails(next, places, known))
            {
                yield return (first + low, first + high);
            }
        }
    }

    // At most three levels deep: the bytes that continue a code point.
    private static List<(int Low, int High)> Tails(
        TextMatcher matcher, int places, Dictionary<(TextMatcher, int), List<(int Low, int High)>> known)
    {
        if (places == 0)
        {
            return [(0, 0)];
        }

        if (known.TryGetValue((matcher, places), out List<(int Low, int High)>? found))
        {
            return found;
        }

        List<(int Low, int High)> ranges = [];
        for (int tail = 0; tail < 64; tail++)
        {
            if (matcher.Next((byte)(0x80 | tail)) is { } next)
            {
                int first = tail << (6 * (places - 1));
                foreach ((int low, int high) in Tails(next, places - 1, known))
                {
                    if (ranges.Count > 0 && ranges[^1].High + 1 == first + low)
                    {
                        ranges[^1] = (ranges[^1].Low, first + high);
                    }
                    else
                    {
                        ranges.Add((first + low, first + high));
                    }
                }
            }
        }

        return known[(matcher, places)] = ranges;
    }
}
