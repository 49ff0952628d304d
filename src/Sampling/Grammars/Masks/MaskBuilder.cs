using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Masks;

/// <summary>
/// Which tokens may come in a state: one walk of the trie. What depends on the inside of a text only is kept, with the places where
/// tokens leave it, so that another text like it costs a copy and those places. For one sequence at a time.
/// </summary>
internal sealed class MaskBuilder(TokenTrie trie, int vocabulary)
{
    private const int MostBytes = 2 << 20;

    private readonly Dictionary<LocalState, LocalMask> _locals = [];
    private readonly Dictionary<GrammarState, ulong[]> _shared = [];
    private readonly int _most = Math.Max(16, MostBytes / Math.Max(1, vocabulary / 8));

    /// <summary>Words of 64 tokens.</summary>
    public int Words { get; } = (vocabulary + 63) / 64;

    /// <summary>Writes the tokens that may come.</summary>
    /// <param name="state">Where the text stands.</param>
    /// <param name="mask">One bit per token; cleared first.</param>
    public void Fill(GrammarState state, ulong[] mask)
    {
        Array.Clear(mask);
        if (state.IsShared)
        {
            if (!_shared.TryGetValue(state, out ulong[]? kept))
            {
                kept = Shared(state);
            }

            kept.CopyTo(mask, 0);
        }
        else if (state.Local is { } local)
        {
            LocalMask kept = Local(local.Representative(trie.LongestToken));
            kept.Inside.CopyTo(mask, 0);
            foreach ((int node, LocalState exit) in kept.Exits)
            {
                if (state.Leave(exit) is { } after)
                {
                    trie.Add(node, mask);
                    Walk(node + 1, trie.EndOf(node), after, mask);
                }
            }
        }
        else
        {
            Walk(0, trie.Count, state, mask);
        }
    }

    private void Walk(int begin, int end, GrammarState start, ulong[] mask) =>
        trie.Walk(begin, end, start, static (s, b) => s.Next(b), mask);

    private ulong[] Shared(GrammarState state)
    {
        if (_shared.Count >= _most)
        {
            _shared.Clear();
        }

        ulong[] mask = new ulong[Words];
        Walk(0, trie.Count, state, mask);
        return _shared[state] = mask;
    }

    private LocalMask Local(LocalState state)
    {
        if (_locals.TryGetValue(state, out LocalMask? known))
        {
            return known;
        }

        if (_locals.Count >= _most)
        {
            _locals.Clear();
        }

        ulong[] mask = new ulong[Words];
        List<(int, LocalState)> exits = [];
        trie.Walk(0, trie.Count, state, static (s, b) => s.Next(b), mask, exits, static s => s.IsExit);
        return _locals[state] = new LocalMask(mask, [.. exits]);
    }

    private sealed record LocalMask(ulong[] Inside, (int Node, LocalState Exit)[] Exits);
}
