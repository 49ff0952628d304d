namespace LayerStream.Sampling.Grammars.Masks;

/// <summary>
/// The tokens of a vocabulary as a trie over their bytes, its nodes in the order of a walk from the root: a walk is one loop over
/// arrays, and a subtree that leads nowhere is stepped over.
/// </summary>
internal sealed class TokenTrie
{
    private readonly byte[] _bytes;
    private readonly ushort[] _depths; // 0 = a node of the first byte
    private readonly int[] _ends; // node behind the subtree
    private readonly int[] _tokens; // ids, by the node they end at
    private readonly int[] _firstToken;
    private readonly ushort[] _below; // bytes of the longest token behind a node
    private FreeText? _free;

    /// <summary>Builds the trie.</summary>
    /// <param name="tokens">Ids and bytes; empty ones are left out, longer ones than 65,535 bytes too.</param>
    public TokenTrie(IEnumerable<(int Id, byte[] Bytes)> tokens)
    {
        (int Id, byte[] Bytes)[] sorted = [.. tokens.Where(t => t.Bytes.Length is > 0 and <= ushort.MaxValue)];
        Array.Sort(sorted, (a, b) => a.Bytes.AsSpan().SequenceCompareTo(b.Bytes) is not 0 and int order ? order : a.Id.CompareTo(b.Id));
        List<byte> bytes = [];
        List<ushort> depths = [];
        List<int> ends = [], first = [];
        List<int> path = []; // nodes from the root to the last token's
        byte[] before = [];
        for (int i = 0; i < sorted.Length; i++)
        {
            byte[] text = sorted[i].Bytes;
            int common = before.AsSpan().CommonPrefixLength(text);
            foreach (int node in path.Skip(common))
            {
                ends[node] = bytes.Count;
            }

            path.RemoveRange(common, path.Count - common);
            for (int depth = common; depth < text.Length; depth++)
            {
                path.Add(bytes.Count);
                bytes.Add(text[depth]);
                depths.Add((ushort)depth);
                ends.Add(0);
                first.Add(i); // of the nodes of a text only the last has tokens: the next node begins behind them
            }

            before = text;
            LongestToken = Math.Max(LongestToken, text.Length);
        }

        path.ForEach(node => ends[node] = bytes.Count);
        first.Add(sorted.Length);
        (_bytes, _depths, _ends) = ([.. bytes], [.. depths], [.. ends]);
        _tokens = [.. sorted.Select(t => t.Id)];
        _firstToken = [.. first];
        _below = new ushort[Count];
        for (int node = Count - 1; node >= 0; node--)
        {
            for (int child = node + 1; child < _ends[node]; child = _ends[child])
            {
                _below[node] = (ushort)Math.Max(_below[node], _below[child] + 1);
            }
        }
    }

    /// <summary>Number of nodes.</summary>
    public int Count => _bytes.Length;

    /// <summary>Bytes of the longest token.</summary>
    public int LongestToken { get; }

    /// <summary>Node behind the subtree of a node.</summary>
    public int EndOf(int node) => _ends[node];

    /// <summary>Depth of a node; 0 = of a first byte.</summary>
    public int DepthOf(int node) => _depths[node];

    /// <summary>The byte of a node.</summary>
    public byte ByteOf(int node) => _bytes[node];

    /// <summary>How many more bytes the longest token behind a node has.</summary>
    public int Below(int node) => _below[node];

    /// <summary>What is known of the inside of texts that may be anything, the same for all; null = nothing yet.</summary>
    public FreeText? Free
    {
        get => Volatile.Read(ref _free);
        set => Volatile.Write(ref _free, value);
    }

    /// <summary>The longest token that a text begins with, the lowest id of those alike.</summary>
    /// <returns>Its id and bytes; length 0 = there is none.</returns>
    public (int Id, int Length) LongestPrefix(ReadOnlySpan<byte> text)
    {
        (int Id, int Length) longest = default;
        int depth = 0, end = Count;
        for (int node = 0; node < end && depth < text.Length;)
        {
            if (_bytes[node] != text[depth])
            {
                node = _ends[node];
                continue;
            }

            longest = _firstToken[node + 1] > _firstToken[node] ? (_tokens[_firstToken[node]], depth + 1) : longest;
            (node, end, depth) = (node + 1, _ends[node], depth + 1);
        }

        return longest;
    }

    /// <summary>How many tokens write a text, the longest at each place; a byte that no token has counts as one.</summary>
    public int CountOf(ReadOnlySpan<byte> text)
    {
        int count = 0;
        for (; !text.IsEmpty; count++)
        {
            text = text[Math.Max(1, LongestPrefix(text).Length)..];
        }

        return count;
    }

    /// <summary>Adds the tokens that end at a node.</summary>
    public void Add(int node, ulong[] mask)
    {
        // Tokens that end here come before those of the subtree, whose first node is the next one.
        for (int i = _firstToken[node]; i < _firstToken[node + 1]; i++)
        {
            mask[_tokens[i] / 64] |= 1UL << (_tokens[i] % 64);
        }
    }

    /// <summary>Adds those tokens of a node and of its subtree that another mask has.</summary>
    public void AddBelow(int node, ulong[] other, ulong[] mask)
    {
        foreach (int id in _tokens.AsSpan(_firstToken[node].._firstToken[_ends[node]]))
        {
            mask[id / 64] |= other[id / 64] & (1UL << (id % 64));
        }
    }

    /// <summary>Walks the nodes from <paramref name="begin"/> to <paramref name="end"/>, which are whole subtrees of one depth.</summary>
    /// <param name="begin">First node.</param>
    /// <param name="end">Behind the last.</param>
    /// <param name="start">The state before them.</param>
    /// <param name="next">The state one byte further, or null.</param>
    /// <param name="mask">Takes the tokens that are reached.</param>
    /// <param name="keeps">Whether the tokens that lead to a state are taken; null = all are.</param>
    public void Walk<T>(
        int begin,
        int end,
        T start,
        Func<T, byte, T?> next,
        ulong[] mask,
        Func<T, bool>? keeps = null)
        where T : class
    {
        if (begin >= end)
        {
            return;
        }

        int depth = _depths[begin];
        T[] states = new T[LongestToken - depth + 1];
        states[0] = start;
        for (int node = begin; node < end;)
        {
            int level = _depths[node] - depth;
            if (next(states[level], _bytes[node]) is not { } state)
            {
                node = _ends[node];
            }
            else
            {
                if (keeps is null || (_firstToken[node] < _firstToken[node + 1] && keeps(state)))
                {
                    Add(node, mask);
                }

                states[level + 1] = state;
                node++;
            }
        }
    }
}
