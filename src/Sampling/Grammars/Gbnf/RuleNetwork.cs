using LayerStream.Sampling.Grammars.Regular;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Gbnf;

/// <summary>The rules of a grammar as one nondeterministic automaton with calls, and what is known of it before any text.</summary>
internal sealed class RuleNetwork
{
    private readonly Nfa _nfa = new();
    private readonly int[] _starts;
    private readonly int[] _ends;
    private readonly bool[] _isEmptyable;
    private readonly bool[] _isLive;
    private readonly bool[] _isTail;
    private readonly HashSet<int> _isEnd;

    /// <summary>Builds the automaton.</summary>
    /// <exception cref="GrammarException">It needs too much, is left recursive, or no text matches.</exception>
    public RuleNetwork(IReadOnlyList<PatternNode> bodies, int root)
    {
        Root = root;
        _starts = new int[bodies.Count];
        _ends = new int[bodies.Count];
        for (int rule = 0; rule < bodies.Count; rule++)
        {
            (_starts[rule], _ends[rule]) = (_nfa.Add(), _nfa.Add());
            _nfa.Emit(bodies[rule], _starts[rule], _ends[rule]);
        }

        _isEnd = [.. _ends];
        _isEmptyable = Emptyable();
        _isLive = Live();
        _isTail = [.. Enumerable.Range(0, _nfa.Count).Select(IsTailState)];
        Order = Sort();
    }

    /// <summary>The rule of the whole text.</summary>
    public int Root { get; }

    /// <summary>The rules, each before those that it can call before anything is written.</summary>
    public int[] Order { get; }

    /// <summary>First state of a rule.</summary>
    public int StartOf(int rule) => _starts[rule];

    /// <summary>Whether a rule's text may end in this state.</summary>
    public bool IsEnd(int state) => _isEnd.Contains(state);

    /// <summary>Whether the empty text matches the rule.</summary>
    public bool IsEmptyable(int rule) => _isEmptyable[rule];

    /// <summary>Whether some text leads from the state to the end of its rule, the beginning of the text being over.</summary>
    public bool IsLive(int state) => _isLive[state];

    /// <summary>Whether nothing can come in the state but the end of its rule.</summary>
    public bool IsTail(int state) => _isTail[state];

    /// <summary>Edges of a state.</summary>
    public IReadOnlyList<NfaEdge> Edges(int state) => _nfa.Edges(state);

    /// <summary>Number of states.</summary>
    public int Count => _nfa.Count;

    private bool IsTailState(int state)
    {
        for (int steps = 0; steps < 8 && !IsEnd(state); steps++)
        {
            if (_nfa.Edges(state) is not [{ Kind: EdgeKind.Free } only])
            {
                return false;
            }

            state = only.Target;
        }

        return IsEnd(state) && _nfa.Edges(state).Count == 0;
    }

    // Sources of every edge, to go backwards.
    private List<(int Source, NfaEdge Edge)>[] Backwards()
    {
        List<(int, NfaEdge)>[] sources = [.. Enumerable.Range(0, _nfa.Count).Select(_ => new List<(int, NfaEdge)>())];
        for (int state = 0; state < _nfa.Count; state++)
        {
            foreach (NfaEdge edge in _nfa.Edges(state))
            {
                sources[edge.Target].Add((state, edge));
            }
        }

        return sources;
    }

    private bool[] Emptyable()
    {
        Spread(edge => edge.Kind is EdgeKind.Free or EdgeKind.Begin or EdgeKind.End, out bool[] rules);
        return rules;
    }

    private bool[] Live()
    {
        bool[] endsNow = Spread(edge => edge.Kind is EdgeKind.Free or EdgeKind.End, out _);
        bool[] live = Spread(
            edge => edge.Kind is EdgeKind.Free or EdgeKind.Bytes || (edge.Kind == EdgeKind.End && endsNow[edge.Target]), out bool[] rules);
        return rules[Root] || StartsAtBegin(live) ? live
            : throw new GrammarException(GrammarFault.Empty, "grammar", "No text matches the grammar.");
    }

    private bool StartsAtBegin(bool[] live)
    {
        Stack<int> open = new([_starts[Root]]);
        HashSet<int> seen = [_starts[Root]];
        while (open.TryPop(out int state))
        {
            if (live[state])
            {
                return true;
            }

            foreach (NfaEdge edge in _nfa.Edges(state))
            {
                if ((edge.Kind is EdgeKind.Free or EdgeKind.Begin || (edge.Kind == EdgeKind.Call && _isEmptyable[edge.Rule]))
                    && seen.Add(edge.Target))
                {
                    open.Push(edge.Target);
                }
            }
        }

        return false;
    }

    // States from which the end of the rule is reached over edges that count; a call counts once its rule does.
    private bool[] Spread(Func<NfaEdge, bool> counts, out bool[] rules)
    {
        List<(int Source, NfaEdge Edge)>[] sources = Backwards();
        bool[] reached = new bool[_nfa.Count];
        bool[] called = new bool[_starts.Length];
        List<(int Source, NfaEdge Edge)>[] waiting = [.. _starts.Select(_ => new List<(int, NfaEdge)>())];
        Dictionary<int, int> ruleOf = Enumerable.Range(0, _starts.Length).ToDictionary(r => _starts[r], r => r);
        Stack<int> open = new();
        foreach (int end in _ends)
        {
            Reach(end);
        }

        while (open.TryPop(out int state))
        {
            foreach ((int source, NfaEdge edge) in sources[state])
            {
                if (edge.Kind == EdgeKind.Call && !called[edge.Rule])
                {
                    waiting[edge.Rule].Add((source, edge));
                }
                else if (edge.Kind == EdgeKind.Call || counts(edge))
                {
                    Reach(source);
                }
            }

            if (ruleOf.TryGetValue(state, out int rule) && !called[rule])
            {
                called[rule] = true;
                waiting[rule].ForEach(w => Reach(w.Source));
            }
        }

        rules = called;
        return reached;

        void Reach(int state)
        {
            if (!reached[state])
            {
                reached[state] = true;
                open.Push(state);
            }
        }
    }

    private int[] Sort()
    {
        HashSet<int>[] calls = [.. _starts.Select(FirstCalls)];
        int[] callers = new int[_starts.Length];
        foreach (int rule in calls.SelectMany(c => c))
        {
            callers[rule]++;
        }

        List<int> order = [.. Enumerable.Range(0, callers.Length).Where(r => callers[r] == 0)];
        for (int i = 0; i < order.Count; i++)
        {
            order.AddRange(calls[order[i]].Where(r => --callers[r] == 0));
        }

        return order.Count == callers.Length ? [.. order]
            : throw GrammarException.Unsupported(
                "left recursion", "A rule of the grammar calls itself before anything is written (left recursion).");
    }

    private HashSet<int> FirstCalls(int start)
    {
        HashSet<int> rules = [], seen = [start];
        Stack<int> open = new([start]);
        while (open.TryPop(out int state))
        {
            foreach (NfaEdge edge in _nfa.Edges(state))
            {
                if (edge.Kind == EdgeKind.Call)
                {
                    rules.Add(edge.Rule);
                }

                bool isFree = edge.Kind is EdgeKind.Free or EdgeKind.Begin or EdgeKind.End
                    || (edge.Kind == EdgeKind.Call && _isEmptyable[edge.Rule]);
                if (isFree && seen.Add(edge.Target))
                {
                    open.Push(edge.Target);
                }
            }
        }

        return rules;
    }
}
