using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Regular;

/// <summary>
/// A deterministic automaton over the bytes of UTF-8. Every state leads to an accepted text; where nothing does there is no
/// state (−1).
/// </summary>
internal sealed class Dfa
{
    private readonly byte[] _classOf;
    private readonly int _classes;
    private readonly int[] _next;
    private readonly bool[] _accepts;
    private readonly ulong[] _signatures;

    private Dfa(byte[] classOf, int classes, int[] next, bool[] accepts, ulong[] signatures)
    {
        (_classOf, _classes, _next, _accepts, _signatures) = (classOf, classes, next, accepts, signatures);
        Start = Trim() ? 0 : -1;
    }

    /// <summary>Every text.</summary>
    public static Dfa AnyText { get; } = Of(new PatternRepeat(PatternNode.AnyCodePoint, 0, null));

    /// <summary>The first state; −1 = no text is accepted.</summary>
    public int Start { get; }

    /// <summary>Number of states, those that lead nowhere counted too.</summary>
    public int Count => _accepts.Length;

    /// <summary>The state one byte further, or −1.</summary>
    public int Next(int state, byte value) => _next[(state * _classes) + _classOf[value]];

    /// <summary>Whether the text that led to this state is accepted.</summary>
    public bool Accepts(int state) => _accepts[state];

    /// <summary>How many texts are accepted, up to a limit.</summary>
    public int CountUpTo(int limit)
    {
        int[] counts = new int[Count];
        int[] next = new int[Count];
        Stack<int> path = new();
        HashSet<int> onPath = [];
        Enter(Start);
        while (path.TryPeek(out int state))
        {
            if (next[state] == 256)
            {
                onPath.Remove(path.Pop());
                continue;
            }

            int target = Next(state, (byte)next[state]);
            if (target >= 0 && onPath.Contains(target))
            {
                return limit; // a way round and round
            }

            if (target >= 0 && next[target] < 256)
            {
                Enter(target); // and then looked at again
                continue;
            }

            counts[state] = target < 0 ? counts[state] : Math.Min(limit, counts[state] + counts[target]);
            next[state]++;
        }

        return Start < 0 ? 0 : counts[Start];

        void Enter(int state)
        {
            if (state >= 0)
            {
                counts[state] = Accepts(state) ? 1 : 0;
                path.Push(state);
                onPath.Add(state);
            }
        }
    }

    /// <summary>Of a state of <see cref="Sorted"/>: a bit for each automaton that accepts the text.</summary>
    public ulong Signature(int state) => _signatures[state];

    /// <summary>The texts that a pattern describes as a whole.</summary>
    public static Dfa Of(PatternNode pattern)
    {
        Nfa nfa = new();
        int start = nfa.Add(), end = nfa.Add();
        nfa.Emit(pattern, start, end);
        return Determinize(nfa, start, end, universal: -1);
    }

    /// <summary>The texts in which a pattern is found.</summary>
    public static Dfa Search(PatternNode pattern)
    {
        Nfa nfa = new();
        int start = nfa.Add(), middle = nfa.Add(), end = nfa.Add();
        nfa.Emit(new PatternRepeat(PatternNode.AnyCodePoint, 0, null), start, middle);
        int found = nfa.Add();
        nfa.Emit(pattern, middle, found);
        nfa.Connect(found, end);
        nfa.Emit(PatternNode.AnyCodePoint, end, end);
        return Determinize(nfa, start, end, end);
    }

    /// <summary>The texts that all automata accept, or do not where negated.</summary>
    public static Dfa Intersect(IReadOnlyList<(Dfa Dfa, bool Negated)> parts)
    {
        (Dfa Dfa, bool Negated)[] all = [(AnyText, false), .. parts];
        return Combine(
            [.. all.Select(p => p.Dfa)],
            i => all[i].Negated,
            states => Array.TrueForAll(Enumerable.Range(0, all.Length).ToArray(), i => all[i].Dfa.AcceptsAt(states[i]) != all[i].Negated));
    }

    /// <summary>The texts that any of the automata accepts.</summary>
    public static Dfa Unite(IReadOnlyList<Dfa> parts) => parts.Count == 1 ? parts[0] : Combine(
        [AnyText, .. parts],
        i => i > 0,
        states => AnyText.AcceptsAt(states[0]) && Enumerable.Range(0, parts.Count).Any(i => parts[i].AcceptsAt(states[i + 1])));

    /// <summary>Every text, with a signature of those that accept it; at most 63 automata.</summary>
    public static Dfa Sorted(IReadOnlyList<Dfa> parts) =>
        Combine([AnyText, .. parts], i => i > 0, states => AnyText.AcceptsAt(states[0]));

    private static Dfa Combine(Dfa[] parts, Func<int, bool> mayFail, Func<int[], bool> accepts)
    {
        bool[] begins = new bool[256];
        foreach (Dfa part in parts)
        {
            for (int b = 0; b < 256; b++)
            {
                begins[b] |= b == 0 || part._classOf[b] != part._classOf[b - 1];
            }
        }

        (byte[] classOf, byte[] samples) = Nfa.ClassesOf(begins);
        int[]? start = Vector(i => parts[i].Start);
        return Explore(start, classOf, samples, (from, b) => Vector(i => from[i] < 0 ? -1 : parts[i].Next(from[i], b)), accepts, Signature);

        int[]? Vector(Func<int, int> at)
        {
            int[] states = new int[parts.Length];
            for (int i = 0; i < states.Length; i++)
            {
                states[i] = at(i);
                if (states[i] < 0 && !mayFail(i))
                {
                    return null;
                }
            }

            return states;
        }

        ulong Signature(int[] states)
        {
            ulong bits = 0;
            for (int i = 1; i < states.Length; i++)
            {
                bits |= parts[i].AcceptsAt(states[i]) ? 1UL << (i - 1) : 0;
            }

            return bits;
        }
    }

    private static Dfa Determinize(Nfa nfa, int start, int end, int universal)
    {
        (byte[] classOf, byte[] samples) = nfa.ByteClasses();
        NfaClosure closure = new(nfa, universal);
        int[] first = closure.Of([start], atBegin: true);
        int[]? from = first;
        return Explore(from, classOf, samples, Step, set => closure.Reaches(set, end, ReferenceEquals(set, first)), _ => 0);

        int[]? Step(int[] set, byte value)
        {
            List<int> targets = [];
            foreach (int state in set)
            {
                foreach (NfaEdge edge in nfa.Edges(state))
                {
                    if (edge.Kind == EdgeKind.Bytes && edge.Low <= value && value <= edge.High)
                    {
                        targets.Add(edge.Target);
                    }
                }
            }

            return targets.Count == 0 ? null : closure.Of(targets, atBegin: false);
        }
    }

    private static Dfa Explore(
        int[]? start,
        byte[] classOf,
        byte[] samples,
        Func<int[], byte, int[]?> step,
        Func<int[], bool> accepts,
        Func<int[], ulong> signature)
    {
        List<int[]> sets = [];
        Dictionary<int[], int> numbers = new(IntArrayComparer.Instance);
        List<int> next = [];
        if (start is not null)
        {
            sets.Add(start);
            numbers[start] = 0;
        }

        for (int i = 0; i < sets.Count; i++)
        {
            foreach (byte sample in samples)
            {
                int[]? target = step(sets[i], sample);
                int number = -1;
                if (target is not null && !numbers.TryGetValue(target, out number))
                {
                    number = numbers[target] = sets.Count;
                    sets.Add(target);
                    if (sets.Count > GrammarLimits.DeterministicStates)
                    {
                        throw GrammarException.Limit(
                            "pattern states", $"The patterns need more than {GrammarLimits.DeterministicStates} states.");
                    }
                }

                next.Add(number);
            }
        }

        return new Dfa(classOf, samples.Length, [.. next], [.. sets.Select(accepts)], [.. sets.Select(signature)]);
    }

    private bool AcceptsAt(int state) => state >= 0 && _accepts[state];

    // Cuts the ways that lead to no accepted text.
    private bool Trim()
    {
        List<int>[] sources = [.. _accepts.Select(_ => new List<int>())];
        for (int i = 0; i < _next.Length; i++)
        {
            if (_next[i] >= 0)
            {
                sources[_next[i]].Add(i / _classes);
            }
        }

        bool[] isLive = [.. _accepts];
        Stack<int> open = new(Enumerable.Range(0, isLive.Length).Where(s => isLive[s]));
        while (open.TryPop(out int state))
        {
            foreach (int source in sources[state])
            {
                if (!isLive[source])
                {
                    isLive[source] = true;
                    open.Push(source);
                }
            }
        }

        for (int i = 0; i < _next.Length; i++)
        {
            _next[i] = _next[i] >= 0 && isLive[_next[i]] ? _next[i] : -1;
        }

        return isLive.Length > 0 && isLive[0];
    }
}
