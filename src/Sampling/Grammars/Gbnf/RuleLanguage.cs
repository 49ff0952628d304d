using LayerStream.Sampling.Grammars.Regular;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Gbnf;

/// <summary>Texts of a grammar's root rule: sets of (state, continuation), each set made once. For one sequence at a time.</summary>
internal sealed class RuleLanguage
{
    private const int MostStates = 1_000;
    private const int MostThreads = 10_000;

    private readonly RuleNetwork _network;
    private readonly Dictionary<int[], RuleState> _states = new(IntArrayComparer.Instance);
    private readonly Dictionary<int[], Continuation> _continuations = new(IntArrayComparer.Instance);
    private int _count;

    private RuleLanguage(RuleNetwork network)
    {
        _network = network;
    }

    /// <summary>The first state of the texts of a rule.</summary>
    /// <exception cref="GrammarException">As <see cref="RuleNetwork"/>.</exception>
    public static GrammarState Start(IReadOnlyList<PatternNode> bodies, int root)
    {
        RuleLanguage language = new(new RuleNetwork(bodies, root));
        Continuation bottom = language.Intern([], endsText: true);
        return language.Close([(language._network.StartOf(root), bottom)], atBegin: true)!;
    }

    /// <summary>The state behind a byte, or null.</summary>
    public RuleState? Next((int State, Continuation Behind)[] threads, byte value)
    {
        List<(int, Continuation)> kernel = [];
        foreach ((int state, Continuation behind) in threads)
        {
            foreach (NfaEdge edge in _network.Edges(state))
            {
                if (edge.Kind == EdgeKind.Bytes && edge.Low <= value && value <= edge.High && _network.IsLive(edge.Target))
                {
                    kernel.Add((edge.Target, behind));
                }
            }
        }

        return kernel.Count == 0 ? null : Close(kernel, atBegin: false);
    }

    private RuleState? Close(IEnumerable<(int State, Continuation Behind)> kernel, bool atBegin)
    {
        HashSet<(int State, Continuation Behind)> threads = [];
        bool ends = Spread(kernel, threads, atBegin, atEnd: false, isFresh: false);
        foreach (int rule in _network.Order)
        {
            if (Call(rule, threads) is { } behind)
            {
                Spread([(_network.StartOf(rule), behind)], threads, atBegin, atEnd: false, isFresh: true);
            }

            if (threads.Count > MostThreads)
            {
                throw GrammarException.Limit("ambiguity", $"A text can be understood in more than {MostThreads} ways at one place.");
            }
        }

        (int State, Continuation Behind)[] kept = [.. threads
            .Where(t => _network.Edges(t.State).Any(e => e.Kind is EdgeKind.Bytes or EdgeKind.End))
            .OrderBy(t => t.State).ThenBy(t => t.Behind.Id)];
        bool hasAnchors = kept.Any(t => _network.Edges(t.State).Any(e => e.Kind == EdgeKind.End));
        ends = ends || (hasAnchors && Spread(kept, [], atBegin, atEnd: true, isFresh: false));
        return kept.Length == 0 && !ends ? null : StateOf(kept, ends);
    }

    // Whether the text may end with these threads; fresh ones do not return, as an empty text of their rule was passed over already.
    private bool Spread(
        IEnumerable<(int State, Continuation Behind)> from,
        HashSet<(int State, Continuation Behind)> threads,
        bool atBegin,
        bool atEnd,
        bool isFresh)
    {
        bool ends = false;
        Stack<(int State, Continuation Behind)> open = new();
        foreach ((int State, Continuation Behind) thread in from)
        {
            Take(thread.State, thread.Behind);
        }

        while (open.TryPop(out (int State, Continuation Behind) thread))
        {
            if (_network.IsEnd(thread.State) && !isFresh)
            {
                ends |= thread.Behind.EndsText;
                foreach ((int state, Continuation behind) in thread.Behind.Returns)
                {
                    Take(state, behind);
                }
            }

            foreach (NfaEdge edge in _network.Edges(thread.State))
            {
                bool passes = edge.Kind switch
                {
                    EdgeKind.Free => true,
                    EdgeKind.Begin => atBegin,
                    EdgeKind.End => atEnd,
                    EdgeKind.Call => _network.IsEmptyable(edge.Rule),
                    _ => false,
                };
                if (passes)
                {
                    Take(edge.Target, thread.Behind);
                }
            }
        }

        return ends;

        void Take(int state, Continuation behind)
        {
            if ((atBegin || _network.IsLive(state)) && threads.Add((state, behind)))
            {
                open.Push((state, behind));
            }
        }
    }

    // Where the rule's text goes on for all that call it here; null = nobody does.
    private Continuation? Call(int rule, HashSet<(int State, Continuation Behind)> threads)
    {
        SortedSet<(int State, int Behind)> keys = [];
        Dictionary<int, Continuation> byId = [];
        bool isCalled = false, endsText = false;
        foreach ((int state, Continuation behind) in threads)
        {
            foreach (NfaEdge edge in _network.Edges(state))
            {
                if (edge.Kind != EdgeKind.Call || edge.Rule != rule || !_network.IsLive(edge.Target))
                {
                    continue;
                }

                isCalled = true;
                bool isTail = _network.IsTail(edge.Target); // a call at a rule's end returns to where the rule does
                endsText |= isTail && behind.EndsText;
                foreach ((int next, Continuation further) in isTail ? behind.Returns : [(edge.Target, behind)])
                {
                    keys.Add((next, further.Id));
                    byId[further.Id] = further;
                }
            }
        }

        return isCalled ? Intern([.. keys.Select(k => (k.State, byId[k.Behind]))], endsText) : null;
    }

    private Continuation Intern((int State, Continuation Behind)[] returns, bool endsText)
    {
        int[] key = [.. returns.SelectMany(r => new[] { r.State, r.Behind.Id }), endsText ? 1 : 0];
        if (!_continuations.TryGetValue(key, out Continuation? continuation))
        {
            continuation = _continuations[key] = new Continuation(_count++, returns, endsText);
        }

        return continuation;
    }

    private RuleState StateOf((int State, Continuation Behind)[] threads, bool ends)
    {
        int[] key = [.. threads.SelectMany(t => new[] { t.State, t.Behind.Id }), ends ? 1 : 0];
        if (!_states.TryGetValue(key, out RuleState? state))
        {
            if (_states.Count > MostStates)
            {
                _states.Clear();
                _continuations.Clear(); // numbers go on, so that old and new ones are never taken for each other
            }

            state = _states[key] = new RuleState(this, threads, ends);
        }

        return state;
    }
}
