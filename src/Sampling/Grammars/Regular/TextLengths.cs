namespace LayerStream.Sampling.Grammars.Regular;

/// <summary>Of every state of an automaton, the lengths in code points of the texts that lead from it to an accepted text. Lengths are
/// looked at up to a limit.</summary>
internal sealed class TextLengths
{
    private readonly Dfa _dfa;
    private readonly ulong[][] _lengths; // by state, a bit for each length
    private readonly bool[] _isEndless; // by state, whether there are lengths beyond the limit

    /// <summary>Works out the lengths.</summary>
    /// <param name="dfa">The automaton.</param>
    /// <param name="most">The limit.</param>
    public TextLengths(Dfa dfa, int most)
    {
        _dfa = dfa;
        _lengths = [.. Enumerable.Range(0, dfa.Count).Select(_ => new ulong[(most / 64) + 1])];
        (int Source, bool IsLead, int Target)[] edges = [.. Edges()];
        bool[] ends = [.. Enumerable.Range(0, dfa.Count).Select(dfa.Accepts)], atLeast = [.. ends.Select(_ => true)];
        for (int length = 0; length <= most; length++)
        {
            Spread(ends, edges);
            for (int state = 0; state < ends.Length; state++)
            {
                _lengths[state][length / 64] |= ends[state] ? 1UL << (length % 64) : 0;
            }

            (ends, atLeast) = (Before(ends, edges), Before(atLeast, edges));
            Spread(atLeast, edges);
        }

        _isEndless = atLeast;
        Longest = Enumerable.Range(0, dfa.Count).Select(s => LeastFrom(s, 0)).Where(l => l <= most).DefaultIfEmpty(0).Max();
    }

    /// <summary>The largest of the least lengths of the states.</summary>
    public int Longest { get; }

    /// <summary>Whether a text of at least and at most so many code points leads to an accepted one.</summary>
    public bool Has(int state, int least, int? most)
    {
        int length = LeastFrom(state, Math.Max(0, least));
        return length < int.MaxValue ? length <= (most ?? length) : most is null && _isEndless[state];
    }

    // The least length of a state from one on; int.MaxValue = there is none up to the limit.
    private int LeastFrom(int state, int from)
    {
        ulong[] lengths = _lengths[state];
        for (int length = from; length / 64 < lengths.Length; length++)
        {
            if ((lengths[length / 64] & (1UL << (length % 64))) != 0)
            {
                return length;
            }
        }

        return int.MaxValue;
    }

    // The states that a code point leads on from.
    private static bool[] Before(bool[] states, (int Source, bool IsLead, int Target)[] edges)
    {
        bool[] before = new bool[states.Length];
        foreach ((int source, bool isLead, int target) in edges)
        {
            before[source] |= isLead && states[target];
        }

        return before;
    }

    // In the middle of a code point, what follows on it counts.
    private static void Spread(bool[] ends, (int Source, bool IsLead, int Target)[] edges)
    {
        for (int bytes = 0; bytes < 3; bytes++)
        {
            foreach ((int source, bool isLead, int target) in edges)
            {
                ends[source] |= !isLead && ends[target];
            }
        }
    }

    private IEnumerable<(int, bool, int)> Edges()
    {
        HashSet<(int, bool, int)> seen = [];
        for (int state = 0; state < _dfa.Count; state++)
        {
            for (int value = 0; value < 256; value++)
            {
                (int Source, bool IsLead, int Target) edge = (state, (value & 0xC0) != 0x80, _dfa.Next(state, (byte)value));
                if (edge.Target >= 0 && seen.Add(edge))
                {
                    yield return edge;
                }
            }
        }
    }
}
