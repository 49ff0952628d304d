using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Masks;

/// <summary>
/// Which tokens may come in a state: one walk of the trie. What depends on the inside of a text only is kept, with the places where
/// tokens leave it, so that another text like it costs a copy and those places. For one sequence at a time.
/// </summary>
internal sealed class MaskBuilder
{
    private const int MostBytes = 2 << 20;
    private const int MostCharacterBytes = 8; // that a character begun still wants, the half of an escaped pair for one

    private readonly Dictionary<LocalState, LocalMask> _locals = [];
    private readonly Dictionary<GrammarState, ulong[]> _shared = [];
    private readonly Dictionary<(GrammarState State, byte Value), GrammarState?> _steps = []; // of one mask
    private readonly Func<GrammarState, byte, GrammarState?> _step;
    private readonly TokenTrie _trie;
    private readonly TokenCount _count;
    private readonly ulong[] _bounded;
    private readonly int _most;

    /// <summary>Masks of one sequence.</summary>
    /// <param name="trie">The vocabulary.</param>
    /// <param name="vocabulary">Number of its tokens.</param>
    public MaskBuilder(TokenTrie trie, int vocabulary)
    {
        Words = (vocabulary + 63) / 64;
        (_trie, _count, _step) = (trie, trie.CountOf, Step);
        _bounded = new ulong[Words];
        _most = Math.Max(16, MostBytes / Math.Max(1, vocabulary / 8));
    }

    /// <summary>Words of 64 tokens.</summary>
    public int Words { get; }

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
            LocalMask kept = Local(local.Representative(_trie.LongestToken));
            kept.Inside.CopyTo(mask, 0);
            WalkExits(state, kept, mask, null);
        }
        else
        {
            Walk(0, _trie.Count, state, mask);
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
            LocalMask kept = Local(local.Representative(_trie.LongestToken));
            kept.Inside.CopyTo(_bounded, 0);
            WalkExits(state, kept, _bounded, Keeps);
        }
        else
        {
            Walk(0, _trie.Count, state, _bounded, Keeps);
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

    // Most tokens leave a text alike, and what is behind its quote is the same for all of them.
    private void WalkExits(GrammarState state, LocalMask kept, ulong[] mask, Func<GrammarState, bool>? keeps)
    {
        LocalState? last = null;
        GrammarState? after = null;
        foreach ((int node, LocalState exit) in kept.Exits)
        {
            if (!ReferenceEquals(exit, last))
            {
                (last, after) = (exit, state.Leave(exit));
            }

            if (after is not null)
            {
                if (keeps is null || keeps(after))
                {
                    _trie.Add(node, mask);
                }

                _trie.Walk(node + 1, _trie.EndOf(node), after, _step, mask, keeps);
            }
        }

        _steps.Clear();
    }

    private GrammarState? Step(GrammarState state, byte value)
    {
        if (!_steps.TryGetValue((state, value), out GrammarState? next))
        {
            next = _steps[(state, value)] = state.Next(value);
        }

        return next;
    }

    private void Walk(int begin, int end, GrammarState start, ulong[] mask, Func<GrammarState, bool>? keeps = null) =>
        _trie.Walk(begin, end, start, static (s, b) => s.Next(b), mask, keeps);

    private ulong[] Shared(GrammarState state)
    {
        if (_shared.Count >= _most)
        {
            _shared.Clear();
        }

        ulong[] mask = new ulong[Words];
        Walk(0, _trie.Count, state, mask);
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

        return _locals[state] = LocalMask.Of(_trie, state, Words);
    }
}
