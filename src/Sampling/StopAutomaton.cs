namespace LayerStream.Sampling;

/// <summary>Finds any of several strings in a stream of characters in linear time (Aho and Corasick 1975).</summary>
internal sealed class StopAutomaton
{
    private const int Root = 0;
    private readonly Dictionary<(int State, char Next), int> _edges = [];
    private readonly List<int> _depths = [0];
    private readonly List<int> _fallbacks = [Root]; // the longest proper suffix that is also a prefix of some string
    private readonly List<int> _matchLengths = [0]; // the longest string that ends in this state, 0 = none

    public StopAutomaton(IReadOnlyList<string> strings)
    {
        foreach (string text in strings)
        {
            Add(text);
        }
        Link();
    }

    /// <summary>The state after one more character; start with 0.</summary>
    public int Step(int state, char next)
    {
        int target;
        while (!_edges.TryGetValue((state, next), out target) && state != Root)
        {
            state = _fallbacks[state];
        }
        return target; // TryGetValue leaves 0 = Root
    }

    /// <summary>How many of the last characters might be the start of a match.</summary>
    public int Depth(int state) => _depths[state];

    /// <summary>Length of the longest match that ends here; 0 = none.</summary>
    public int MatchLength(int state) => _matchLengths[state];

    private void Add(string text)
    {
        int state = Root;
        foreach (char next in text)
        {
            if (!_edges.TryGetValue((state, next), out int target))
            {
                target = _depths.Count;
                _edges.Add((state, next), target);
                _depths.Add(_depths[state] + 1);
                _fallbacks.Add(Root);
                _matchLengths.Add(0);
            }
            state = target;
        }
        _matchLengths[state] = text.Length;
    }

    // By depth, so that every fallback is final before it is used.
    private void Link()
    {
        foreach (((int parent, char next), int state) in _edges.OrderBy(edge => _depths[edge.Value]))
        {
            if (parent != Root)
            {
                _fallbacks[state] = Step(_fallbacks[parent], next);
            }
            if (_matchLengths[state] == 0)
            {
                _matchLengths[state] = _matchLengths[_fallbacks[state]];
            }
        }
    }
}
