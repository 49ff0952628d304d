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

    private readonly SnapshotSlots _snapshots = new(state.Snapshots);
    private volatile Kept? _kept;
    private int _whole = -1; // tokens behind which the recurrent state stands; −1 = a pass was torn in the middle

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
        if (resumed > 0 && state.IsRecurrent && _whole != resumed)
        {
            state.RestoreSnapshot(_snapshots.Find(resumed));
        }

        _whole = resumed;
        _snapshots.Cut(resumed);
        PlanSnapshots(scope is null ? 0 : prompt.Count - SnapshotBefore, resumed);
        return resumed;
    }

    /// <summary>A pass over some of its tokens begins.</summary>
    internal void BeginPass() => _whole = -1;

    /// <summary>The pass is over.</summary>
    internal void EndPass(int done, int rows)
    {
        _whole = done + rows;
        for (int slot = 0; slot < _snapshots.Count; slot++)
        {
            if (_snapshots.IsPlanned(slot) && _snapshots.Position(slot) > done && _snapshots.Position(slot) <= done + rows)
            {
                _snapshots.Take(slot);
                state.PlanSnapshot(slot, 0);
            }
        }
    }

    /// <summary>The sequence leaves, and its state stays for another of the same scope.</summary>
    /// <param name="scope">Who may use it; null = nobody.</param>
    /// <param name="tokens">Tokens that have been through the model.</param>
    internal void Keep(string? scope, IReadOnlyList<int> tokens)
    {
        int[]? borders = state.IsRecurrent ? [.. _snapshots.Taken.Append(_whole).Where(b => b > 0 && b <= tokens.Count)] : null;
        _kept = scope is null || tokens.Count == 0 ? null : new Kept(scope, new KeptTokens(tokens, borders));
    }

    /// <summary>Nothing of it may be used again.</summary>
    internal void Forget()
    {
        (_kept, _whole) = (null, -1);
        _snapshots.Cut(0);
        PlanSnapshots(0, 0);
    }

    /// <summary>Chooses where its recurrent state is copied: where the last turn ended, in even steps through what is read now, and close
    /// to the prompt's end.</summary>
    /// <param name="end">Tokens behind which the last copy is to stand.</param>
    /// <param name="resumed">Tokens that are in the state already.</param>
    private void PlanSnapshots(int end, int resumed)
    {
        List<int> wanted = resumed > 0 && _snapshots.Count > 1 ? [resumed] : [];
        int steps = Math.Max(0, end - resumed) / state.SnapshotSpacing, step = state.SnapshotSpacing
            * Math.Max(1, (steps + _snapshots.Count) / Math.Max(1, _snapshots.Count));
        for (int at = (resumed / step * step) + step; at < end; at += step)
        {
            wanted.Add(at);
        }

        if (end > resumed)
        {
            wanted.Add(end);
        }

        _snapshots.Plan(wanted);
        for (int slot = 0; slot < _snapshots.Count; slot++)
        {
            bool isNow = _snapshots.IsPlanned(slot) && _snapshots.Position(slot) == resumed;
            if (isNow)
            {
                state.TakeSnapshot(slot);
                _snapshots.Take(slot);
            }

            state.PlanSnapshot(slot, _snapshots.IsPlanned(slot) ? _snapshots.Position(slot) : 0);
        }
    }

    private sealed record Kept(string Scope, KeptTokens Tokens);
}
