using LayerStream.Models.Decoding;
using LayerStream.Planning.Batches;

namespace LayerStream.Actors.Run;

/// <summary>
/// The state of a sequence, and while nobody uses it, whose tokens it stands behind. Changed by the compute thread; what it keeps may be
/// looked at by anyone.
/// </summary>
internal sealed class Seat(int index, SequenceState state)
{
    private const int SnapshotBefore = 16; // tokens before a prompt's end: templates rewrite what opens the answer

    private volatile Kept? _kept;
    private int _whole = -1;    // tokens behind which the recurrent state stands; −1 = a pass was torn in the middle
    private int _snapshot = -1; // tokens behind which the snapshot stands; −1 = there is none

    internal int Index => index;

    internal SequenceState State => state;

    /// <summary>When it was used last, in uses of all seats; 0 = never.</summary>
    internal long LastUse { get; set; }

    /// <summary>Tokens kept.</summary>
    internal int KeptCount => _kept?.Tokens.Tokens.Count ?? 0;

    /// <summary>Tokens of a prompt that need not be read again.</summary>
    /// <param name="scope">Who asks; only what was kept for the same may be used, and for null nothing is.</param>
    /// <param name="prompt">The prompt.</param>
    internal int ResumeAt(string? scope, IReadOnlyList<int> prompt) =>
        scope is not null && _kept is { } kept && kept.Scope == scope ? kept.Tokens.ResumeAt(prompt) : 0;

    /// <summary>A sequence takes the seat.</summary>
    /// <returns>Tokens of its prompt that are in the state already.</returns>
    internal int Begin(string? scope, IReadOnlyList<int> prompt)
    {
        int resumed = ResumeAt(scope, prompt);
        _kept = null;
        state.Restart();
        _snapshot = _snapshot <= resumed ? _snapshot : -1;
        if (resumed > 0 && state.IsRecurrent && _whole != resumed)
        {
            state.RestoreSnapshot();
        }

        _whole = resumed;
        int border = prompt.Count - SnapshotBefore;
        state.SnapshotAt = scope is not null && border > resumed ? border : 0;
        return resumed;
    }

    /// <summary>A pass over some of its tokens begins.</summary>
    internal void BeginPass(int done, int rows)
    {
        _whole = -1;
        if (Crosses(done, rows))
        {
            _snapshot = -1;
        }
    }

    /// <summary>The pass is over.</summary>
    internal void EndPass(int done, int rows)
    {
        _whole = done + rows;
        if (Crosses(done, rows))
        {
            (_snapshot, state.SnapshotAt) = (state.SnapshotAt, 0);
        }
    }

    /// <summary>The sequence leaves, and its state stays for another of the same scope.</summary>
    /// <param name="scope">Who may use it; null = nobody.</param>
    /// <param name="tokens">Tokens that have been through the model.</param>
    internal void Keep(string? scope, IReadOnlyList<int> tokens)
    {
        int[]? borders = state.IsRecurrent ? [.. new[] { _snapshot, _whole }.Where(b => b > 0 && b <= tokens.Count)] : null;
        _kept = scope is null || tokens.Count == 0 ? null : new Kept(scope, new KeptTokens(tokens, borders));
    }

    /// <summary>Nothing of it may be used again.</summary>
    internal void Forget() => (_kept, _whole, _snapshot) = (null, -1, -1);

    private bool Crosses(int done, int rows) => state.KeepsSnapshot && done < state.SnapshotAt && state.SnapshotAt <= done + rows;

    private sealed record Kept(string Scope, KeptTokens Tokens);
}
