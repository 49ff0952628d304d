using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Masks;

/// <summary>
/// Which tokens may come in a state: one walk of the trie. What depends on the inside of a text only is kept, with the places where
/// tokens leave it, so that another text like it costs a copy and those places. For one sequence at a time.
/// </summary>
internal sealed class MaskBuilder(TokenTrie trie, int vocabulary)
{
    private const int MostBytes = 2 << 20;
    private const int MostCharacterBytes = 3; // that a character begun still wants

    private readonly Dictionary<LocalState, LocalMask> _locals = [];
    private readonly Dictionary<GrammarState, ulong[]> _shared = [];
    private readonly TokenCount _count = trie.CountOf;
    private readonly ulong[] _bounded = new ulong[(vocabulary + 63) / 64];
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

    /// <summary>Takes the tokens away behind which the text needs more tokens to its end than there are.</summary>
    /// <param name="state">Where the text stands.</param>
    /// <param name="mask">What <see cref="Fill"/> wrote.</param>
    /// <param name="left">Tokens that there are behind the next one.</param>
    /// <param name="canBeNone">Whether no token may be left; otherwise the mask then stays as it was.</param>
    public void Bound(GrammarState state, ulong[] mask, int left, bool canBeNone)
    {
        Array.Clear(_bounded);
        GrammarState? last = null;
        bool keepsLast = false;
        if (state.Local is { IsEven: true } local && Ends(state, MostCharacterBytes))
        {
            LocalMask kept = Local(local.Representative(trie.LongestToken));
            kept.Inside.CopyTo(_bounded, 0);
            foreach ((int node, LocalState exit) in kept.Exits)
            {
                if (state.Leave(exit) is { } after)
                {
                    if (Keeps(after))
                    {
                        trie.Add(node, _bounded);
                    }

                    Walk(node + 1, trie.EndOf(node), after, _bounded, Keeps);
                }
            }
        }
        else
        {
            Walk(0, trie.Count, state, _bounded, Keeps);
        }

        if (canBeNone || _bounded.AsSpan().ContainsAnyExcept(0UL))
        {
            _bounded.CopyTo(mask, 0);
        }

        // Neighbours in the trie often lead to the same state.
        bool Keeps(GrammarState next)
        {
            (keepsLast, last) = (ReferenceEquals(next, last) ? keepsLast : Ends(next, 0), next);
            return keepsLast;
        }

        bool Ends(GrammarState next, int more) => next.Ending(_count) is { } ending && ending.Tokens + more <= left;
    }

    private void Walk(int begin, int end, GrammarState start, ulong[] mask, Func<GrammarState, bool>? keeps = null) =>
        trie.Walk(begin, end, start, static (s, b) => s.Next(b), mask, keeps: keeps);

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
