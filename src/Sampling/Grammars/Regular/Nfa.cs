using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Regular;

/// <summary>What an edge of the nondeterministic automaton asks for.</summary>
internal enum EdgeKind : byte
{
    /// <summary>Nothing.</summary>
    Free,

    /// <summary>The beginning of the text.</summary>
    Begin,

    /// <summary>The end of the text.</summary>
    End,

    /// <summary>A byte of a range.</summary>
    Bytes,

    /// <summary>A text of a rule.</summary>
    Call,
}

/// <summary>An edge; <paramref name="Rule"/> counts for calls only, the range for bytes only.</summary>
internal readonly record struct NfaEdge(EdgeKind Kind, int Target, byte Low = 0, byte High = 0, int Rule = -1);

/// <summary>A nondeterministic automaton over bytes, built from patterns.</summary>
internal sealed class Nfa
{
    private readonly List<List<NfaEdge>> _edges = [];

    /// <summary>Number of states.</summary>
    public int Count => _edges.Count;

    /// <summary>Edges that leave a state.</summary>
    public IReadOnlyList<NfaEdge> Edges(int state) => _edges[state];

    /// <summary>A new state.</summary>
    public int Add()
    {
        if (_edges.Count == GrammarLimits.NondeterministicStates)
        {
            throw GrammarException.Limit("states", $"The grammar needs more than {GrammarLimits.NondeterministicStates} states.");
        }

        _edges.Add([]);
        return _edges.Count - 1;
    }

    /// <summary>A new edge that asks for nothing.</summary>
    public void Connect(int from, int to) => _edges[from].Add(new NfaEdge(EdgeKind.Free, to));

    /// <summary>Lets a pattern lead from one state to another.</summary>
    public void Emit(PatternNode node, int from, int to)
    {
        switch (node)
        {
            case PatternSet set:
                EmitSet(set.Set, from, to);
                break;
            case PatternSequence sequence:
                EmitSequence(sequence.Parts, from, to);
                break;
            case PatternChoice choice:
                foreach (PatternNode part in choice.Parts)
                {
                    Emit(part, from, to);
                }

                break;
            case PatternRepeat repeat:
                EmitRepeat(repeat, from, to);
                break;
            case PatternBegin:
                _edges[from].Add(new NfaEdge(EdgeKind.Begin, to));
                break;
            case PatternEnd:
                _edges[from].Add(new NfaEdge(EdgeKind.End, to));
                break;
            case PatternAutomaton automaton:
                EmitAutomaton(automaton.Texts, from, to);
                break;
            case PatternCall call:
                _edges[from].Add(new NfaEdge(EdgeKind.Call, to, Rule: call.Rule));
                break;
            default:
                throw new InvalidOperationException($"There is no automaton of {node.GetType().Name}.");
        }
    }

    /// <summary>The classes of bytes that no edge tells apart, and one byte of each.</summary>
    public (byte[] ClassOf, byte[] Samples) ByteClasses()
    {
        bool[] begins = new bool[257];
        begins[0] = true;
        foreach (NfaEdge edge in _edges.SelectMany(e => e).Where(e => e.Kind == EdgeKind.Bytes))
        {
            begins[edge.Low] = true;
            begins[edge.High + 1] = true;
        }

        return ClassesOf(begins);
    }

    /// <summary>Classes from the bytes that begin one.</summary>
    public static (byte[] ClassOf, byte[] Samples) ClassesOf(ReadOnlySpan<bool> begins)
    {
        byte[] classOf = new byte[256];
        List<byte> samples = [];
        for (int b = 0; b < 256; b++)
        {
            if (begins[b])
            {
                samples.Add((byte)b);
            }

            classOf[b] = (byte)(samples.Count - 1);
        }

        return (classOf, [.. samples]);
    }

    private void EmitSequence(IReadOnlyList<PatternNode> parts, int from, int to)
    {
        if (parts.Count == 0)
        {
            Connect(from, to);
        }

        for (int i = 0; i < parts.Count; i++)
        {
            int next = i == parts.Count - 1 ? to : Add();
            Emit(parts[i], from, next);
            from = next;
        }
    }

    private void EmitRepeat(PatternRepeat repeat, int from, int to)
    {
        for (int i = 0; i < repeat.Least; i++)
        {
            int next = Add();
            Emit(repeat.Part, from, next);
            from = next;
        }

        if (repeat.Most is null)
        {
            int loop = Add();
            Connect(from, loop);
            Emit(repeat.Part, loop, loop);
            from = loop;
        }

        for (int i = repeat.Least; i < repeat.Most; i++)
        {
            int next = Add();
            Connect(from, to);
            Emit(repeat.Part, from, next);
            from = next;
        }

        Connect(from, to);
    }

    private void EmitAutomaton(Dfa texts, int from, int to)
    {
        if (texts.Start < 0)
        {
            return;
        }

        int[] states = [.. Enumerable.Range(0, texts.Count).Select(_ => Add())];
        Connect(from, states[texts.Start]);
        for (int state = 0; state < states.Length; state++)
        {
            if (texts.Accepts(state))
            {
                Connect(states[state], to);
            }

            for (int low = 0, high; low < 256; low = high + 1)
            {
                int target = texts.Next(state, (byte)low);
                for (high = low; high < 255 && texts.Next(state, (byte)(high + 1)) == target; high++)
                {
                }

                if (target >= 0)
                {
                    _edges[states[state]].Add(new NfaEdge(EdgeKind.Bytes, states[target], (byte)low, (byte)high));
                }
            }
        }
    }

    private void EmitSet(CodePointSet set, int from, int to)
    {
        Dictionary<(byte Low, byte High, int Target), int> tails = [];
        foreach ((int low, int high) in set.Ranges)
        {
            foreach ((byte Low, byte High)[] sequence in Utf8Ranges.Of(low, high))
            {
                int target = to;
                for (int i = sequence.Length - 1; i > 0; i--)
                {
                    (byte Low, byte High, int Target) key = (sequence[i].Low, sequence[i].High, target);
                    if (!tails.TryGetValue(key, out int state))
                    {
                        state = tails[key] = Add();
                        _edges[state].Add(new NfaEdge(EdgeKind.Bytes, target, key.Low, key.High));
                    }

                    target = state;
                }

                _edges[from].Add(new NfaEdge(EdgeKind.Bytes, target, sequence[0].Low, sequence[0].High));
            }
        }
    }
}
