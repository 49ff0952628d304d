namespace LayerStream.Sampling.Grammars.Regular;

/// <summary>Of every state of an automaton, what the cheapest text to an end costs, and the text (Dijkstra, backwards).</summary>
internal sealed class CheapestTexts
{
    /// <summary>The cost where there is no end.</summary>
    public const int None = 1 << 28;

    private readonly Dfa _dfa;
    private readonly int[] _costs;
    private readonly short[] _steps; // byte to go on with; −1 = the text ends

    /// <summary>Works out the costs.</summary>
    /// <param name="dfa">The automaton.</param>
    /// <param name="endCost">Cost of an end in a state; <see cref="None"/> = it has none.</param>
    /// <param name="byteCost">Cost of a byte, above zero.</param>
    public CheapestTexts(Dfa dfa, Func<int, int> endCost, Func<byte, int> byteCost)
    {
        _dfa = dfa;
        _costs = [.. Enumerable.Range(0, dfa.Count).Select(endCost)];
        _steps = new short[dfa.Count];
        Array.Fill(_steps, (short)-1);
        List<(int Source, byte Value)>[] sources = Backwards(byteCost);
        PriorityQueue<int, int> open = new(_costs.Select((c, s) => (s, c)).Where(p => p.c < None));
        while (open.TryDequeue(out int state, out int cost))
        {
            if (cost > _costs[state])
            {
                continue;
            }

            foreach ((int source, byte value) in sources[state])
            {
                if (cost + byteCost(value) is int through && through < _costs[source])
                {
                    (_costs[source], _steps[source]) = (through, value);
                    open.Enqueue(source, through);
                }
            }
        }
    }

    /// <summary>Cost from a state to an end, that of the end too.</summary>
    public int CostFrom(int state) => _costs[state];

    /// <summary>The text.</summary>
    public byte[] TextFrom(int state)
    {
        List<byte> text = [];
        for (; _steps[state] >= 0; state = _dfa.Next(state, (byte)_steps[state]))
        {
            text.Add((byte)_steps[state]);
        }

        return [.. text];
    }

    // Of neighbouring bytes with the same target and the same cost the first is enough.
    private List<(int, byte)>[] Backwards(Func<byte, int> byteCost)
    {
        List<(int, byte)>[] sources = [.. _costs.Select(_ => new List<(int, byte)>())];
        for (int state = 0; state < _costs.Length; state++)
        {
            (int Target, int Cost) last = (-1, 0);
            for (int value = 0; value < 256; value++)
            {
                (int Target, int Cost) edge = (_dfa.Next(state, (byte)value), byteCost((byte)value));
                if (edge.Target >= 0 && edge != last)
                {
                    sources[edge.Target].Add((state, (byte)value));
                }

                last = edge;
            }
        }

        return sources;
    }
}
