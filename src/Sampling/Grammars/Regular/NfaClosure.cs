namespace LayerStream.Sampling.Grammars.Regular;

/// <summary>What can be reached without a byte.</summary>
/// <param name="nfa">The automaton, without calls.</param>
/// <param name="universal">A state from which every text is accepted: a set with it is as good as it alone; −1 = none.</param>
internal sealed class NfaClosure(Nfa nfa, int universal)
{
    private readonly Stack<int> _open = new();
    private readonly HashSet<int> _seen = [];

    /// <summary>The states reached that have edges with bytes, ends or none at all, sorted.</summary>
    public int[] Of(IEnumerable<int> states, bool atBegin)
    {
        Reach(states, atBegin, atEnd: false);
        int[] set = [.. _seen.Where(s => nfa.Edges(s).Count == 0 || nfa.Edges(s).Any(e => e.Kind is EdgeKind.Bytes or EdgeKind.End))];
        if (universal >= 0 && _seen.Contains(universal))
        {
            return [universal];
        }

        Array.Sort(set);
        return set;
    }

    /// <summary>Whether the text may end with these states.</summary>
    public bool Reaches(int[] set, int end, bool atBegin)
    {
        Reach(set, atBegin, atEnd: true);
        return _seen.Contains(end);
    }

    private void Reach(IEnumerable<int> states, bool atBegin, bool atEnd)
    {
        _seen.Clear();
        foreach (int state in states)
        {
            Take(state);
        }

        while (_open.TryPop(out int state))
        {
            foreach (NfaEdge edge in nfa.Edges(state))
            {
                if (edge.Kind == EdgeKind.Free || (edge.Kind == EdgeKind.Begin && atBegin) || (edge.Kind == EdgeKind.End && atEnd))
                {
                    Take(edge.Target);
                }
            }
        }

        void Take(int state)
        {
            if (_seen.Add(state))
            {
                _open.Push(state);
            }
        }
    }
}
