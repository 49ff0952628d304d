using LayerStream.Models.Decoding;

namespace LayerStream.Actors.Kept;

/// <summary>
/// A state that is to be written to the folder while its seat is free for others. Whoever changes the state says so first; what was copied
/// meanwhile is then given up.
/// </summary>
/// <param name="state">The state.</param>
/// <param name="scope">Who may use it.</param>
/// <param name="tokens">Tokens it stands behind.</param>
/// <param name="snapshots">Recurrent states: tokens they stand behind, and the snapshot's slot; null = as the state stands now.</param>
internal sealed class StateJob(
    SequenceState state, UInt128 scope, IReadOnlyList<int> tokens, IReadOnlyList<(int Tokens, int? Slot)> snapshots)
{
    private int _intact = tokens.Count;
    private volatile bool _isRecurrentIntact = true;

    internal SequenceState State => state;

    internal UInt128 Scope => scope;

    internal IReadOnlyList<int> Tokens => tokens;

    internal IReadOnlyList<(int Tokens, int? Slot)> Snapshots => snapshots;

    /// <summary>Tokens whose keys and values are as they were; asked for behind the copy, never before it.</summary>
    internal int IntactTokens
    {
        get
        {
            Interlocked.MemoryBarrier();
            return Volatile.Read(ref _intact);
        }
    }

    /// <summary>Whether the recurrent states are as they were; asked for behind the copy, never before it.</summary>
    internal bool IsRecurrentIntact
    {
        get
        {
            Interlocked.MemoryBarrier();
            return _isRecurrentIntact;
        }
    }

    /// <summary>Before a change: another sequence goes on behind some tokens.</summary>
    internal void Cut(int tokens)
    {
        _isRecurrentIntact = false;
        CutPages(tokens);
    }

    /// <summary>Before pages behind some tokens are given up: recurrent states stay as they are.</summary>
    internal void CutPages(int tokens)
    {
        Volatile.Write(ref _intact, Math.Min(_intact, tokens));
        Interlocked.MemoryBarrier();
    }
}
