using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Masks;

/// <summary>The tokens of a part of a state that many states have in common.</summary>
/// <param name="Inside">Tokens that stay inside, one bit each.</param>
/// <param name="Exits">Nodes at which tokens leave it, with what they leave it through.</param>
internal sealed record LocalMask(ulong[] Inside, (int Node, LocalState Exit)[] Exits)
{
    private const byte Quote = (byte)'"';

    /// <summary>Walks the trie; where a text may be anything from there on, what is known of such texts is taken instead.</summary>
    /// <param name="trie">The vocabulary.</param>
    /// <param name="start">The part.</param>
    /// <param name="words">Words of 64 tokens.</param>
    public static LocalMask Of(TokenTrie trie, LocalState start, int words)
    {
        FreeText? free = trie.Free;
        if (start.IsFree(trie.LongestToken))
        {
            free ??= Learn(trie, start, words);
            LocalState exit = start.Next(Quote)!;
            return new LocalMask(free.Inside, [.. free.Exits.ToArray().Select(node => (node, exit))]);
        }

        ulong[] mask = new ulong[words];
        List<(int, LocalState)> exits = [];
        LocalState[] states = new LocalState[trie.LongestToken + 1];
        states[0] = start;
        for (int node = 0; node < trie.Count;)
        {
            int depth = trie.DepthOf(node);
            if (states[depth].Next(trie.ByteOf(node)) is not { } state)
            {
                node = trie.EndOf(node);
            }
            else if (state.IsExit)
            {
                exits.Add((node, state));
                node = trie.EndOf(node);
            }
            else if (free is not null && free.IsBetween(node) && state.IsFree(trie.Below(node)))
            {
                trie.AddBelow(node, free.Inside, mask);
                foreach (int left in free.ExitsIn(node + 1, trie.EndOf(node)))
                {
                    exits.Add((left, state.Next(Quote)!));
                }

                node = trie.EndOf(node);
            }
            else
            {
                trie.Add(node, mask);
                states[depth + 1] = state;
                node++;
            }
        }

        return new LocalMask(mask, [.. exits]);
    }

    private static FreeText Learn(TokenTrie trie, LocalState start, int words)
    {
        ulong[] mask = new ulong[words], between = new ulong[(trie.Count + 63) / 64];
        List<int> exits = [];
        LocalState[] states = new LocalState[trie.LongestToken + 1];
        states[0] = start;
        for (int node = 0; node < trie.Count;)
        {
            int depth = trie.DepthOf(node);
            LocalState? state = states[depth].Next(trie.ByteOf(node));
            if (state is null or { IsExit: true })
            {
                exits.AddRange(state is null ? [] : [node]);
                node = trie.EndOf(node);
                continue;
            }

            between[node / 64] |= state.IsFree(0) ? 1UL << (node % 64) : 0;
            trie.Add(node, mask);
            states[depth + 1] = state;
            node++;
        }

        return trie.Free = new FreeText(mask, between, [.. exits]);
    }
}
