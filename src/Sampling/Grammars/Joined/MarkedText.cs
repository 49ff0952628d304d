using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Joined;

/// <summary>
/// Any bytes in which some marks are looked for (Aho and Corasick's automaton): up to the first of them, which must be one certain
/// mark, or to the end without any.
/// </summary>
internal sealed class MarkedText
{
    private readonly short[] _next; // 256 per node: node behind a byte
    private readonly bool[] _isEdge; // whether that byte goes on with a mark
    private readonly int[] _marks; // mark that is whole at a node, or −1
    private readonly MarkedTextState[] _states;
    private readonly MarkedTextOptions _options;

    private MarkedText(IReadOnlyList<byte[]> marks, MarkedTextOptions options)
    {
        _options = options;
        int most = 1 + marks.Sum(m => m.Length);
        _next = new short[most * 256];
        _isEdge = new bool[most * 256];
        _marks = new int[most];
        Array.Fill(_marks, -1);
        Array.Fill(_next, (short)-1);
        int count = Grow(marks);
        Link(count);
        _states = [.. Enumerable.Range(0, count + 1).Select(i => new MarkedTextState(this, i))];
        Beginning = count;
    }

    /// <summary>Number of the state in front of everything but white space; only told apart where a brace is barred there.</summary>
    public int Beginning { get; }

    /// <summary>The first state.</summary>
    /// <param name="marks">Marks; at most some hundred bytes together.</param>
    /// <param name="options">How the text may go on.</param>
    public static GrammarState Start(IReadOnlyList<byte[]> marks, MarkedTextOptions options)
    {
        MarkedText text = new(marks, options);
        return text._states[options.BarsBrace ? text.Beginning : 0];
    }

    /// <summary>Whether a text may end in a state.</summary>
    public bool MayEnd(int state) => state == Beginning || (_options.Ends < 0 ? _marks[state] < 0 : _marks[state] == _options.Ends);

    /// <summary>The state behind a byte, or null.</summary>
    public MarkedTextState? Next(int state, byte value)
    {
        if (state == Beginning)
        {
            return value is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t' ? _states[state] : value == '{' ? null : Next(0, value);
        }

        if (_marks[state] >= 0 || (value == _options.Barred && !_isEdge[(state * 256) + value]))
        {
            return null;
        }

        int next = _next[(state * 256) + value];
        return _marks[next] >= 0 && _marks[next] != _options.Ends ? null : _states[next];
    }

    private int Grow(IReadOnlyList<byte[]> marks)
    {
        int count = 1;
        for (int mark = 0; mark < marks.Count; mark++)
        {
            int node = 0;
            foreach (byte value in marks[mark])
            {
                int edge = (node * 256) + value;
                _isEdge[edge] = true;
                node = _next[edge] >= 0 ? _next[edge] : _next[edge] = (short)count++;
            }

            _marks[node] = mark;
        }

        return count;
    }

    // Breadth first: the node behind a byte that no mark goes on with is that of the longest end of the text that some mark begins with.
    private void Link(int count)
    {
        int[] shorter = new int[count];
        Queue<int> open = new();
        for (int value = 0; value < 256; value++)
        {
            if (_next[value] < 0)
            {
                _next[value] = 0;
            }
            else
            {
                open.Enqueue(_next[value]);
            }
        }

        while (open.TryDequeue(out int node))
        {
            _marks[node] = _marks[node] >= 0 ? _marks[node] : _marks[shorter[node]];
            for (int value = 0; value < 256; value++)
            {
                int edge = (node * 256) + value;
                short behind = _next[(shorter[node] * 256) + value];
                if (_next[edge] < 0)
                {
                    _next[edge] = behind;
                }
                else
                {
                    shorter[_next[edge]] = behind;
                    open.Enqueue(_next[edge]);
                }
            }
        }
    }
}
