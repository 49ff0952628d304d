using LayerStream.Actors.Kept;
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
    private StateJob? _job; // that may still be copying from the state
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
    internal int ResumeAt(UInt128? scope, IReadOnlyList<int> prompt) =>
        scope is not null && _kept is { } kept && kept.Scope == scope ? kept.Tokens.ResumeAt(prompt) : 0;

    /// <summary>A sequence takes the seat.</summary>
    /// <returns>Tokens of its prompt that are in the state already.</returns>
    internal int Begin(UInt128? scope, IReadOnlyList<int> prompt)
    {
        int resumed = ResumeAt(scope, prompt);
        _kept = null;
        _job?.Cut(resumed);
        state.Cut(resumed);
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

    /// <summary>Before parts of its state are put in place that were kept elsewhere: only the first tokens stay as they are.</summary>
    /// <returns>The snapshot's slot that takes a recurrent state; null = the state itself does.</returns>
    internal int? BeginRestore(UInt128 scope, IReadOnlyList<int> prompt, int resumed)
    {
        _job?.Cut(resumed);
        state.Cut(resumed);
        _kept = resumed == 0 ? null : new Kept(scope, new KeptTokens([.. prompt.Take(resumed)], state.IsRecurrent ? [resumed] : null,
            state.LeastTokens));
        _whole = _whole == resumed ? _whole : -1; // it stood behind tokens of another sequence
        _snapshots.Cut(resumed);
        if (!state.IsRecurrent || _snapshots.Count == 0)
        {
            return null;
        }

        bool IsNeeded(int slot) => resumed > 0 && _whole < 0 && _snapshots.Position(slot) == resumed;
        int slot = Enumerable.Range(0, _snapshots.Count).MinBy(s => (IsNeeded(s), _snapshots.Position(s)));
        _kept = IsNeeded(slot) ? null : _kept; // the only one: what it held is given up
        _snapshots.Free(slot);
        return slot;
    }

    /// <summary>Its state stands behind some tokens now, in parts that were put in place.</summary>
    /// <param name="scope">Who may use it.</param>
    /// <param name="tokens">The tokens.</param>
    /// <param name="slot">As <see cref="BeginRestore"/> gave it, where a recurrent state was put in place.</param>
    internal void EndRestore(UInt128 scope, IReadOnlyList<int> tokens, int? slot)
    {
        if (slot is { } s)
        {
            _snapshots.Put(s, tokens.Count);
        }
        else
        {
            _whole = tokens.Count;
        }

        Keep(scope, tokens);
    }

    /// <summary>What a recurrent state was to be put into was not filled.</summary>
    internal void FailRestore(int? slot)
    {
        if (slot is null)
        {
            (_whole, _kept) = (-1, state.IsRecurrent ? null : _kept);
        }
    }

    /// <summary>The state for whoever writes it, until another sequence takes the seat; null when nothing is kept.</summary>
    internal StateJob? Job()
    {
        IEnumerable<(int, int?)> snapshots = _snapshots.Taken.Select(t => (t, (int?)_snapshots.Find(t)));
        _job?.Cut(0); // the new one stands for all of it
        return _job = _kept is not { } kept ? null : new StateJob(state, kept.Scope, kept.Tokens.Tokens, !state.IsRecurrent ? []
            : [.. _whole > 0 && _snapshots.Find(_whole) < 0 ? snapshots.Append((_whole, null)) : snapshots]);
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
    internal void Keep(UInt128? scope, IReadOnlyList<int> tokens)
    {
        state.Cut(tokens.Count);
        _kept = scope is not { } who || tokens.Count == 0 ? null
            : new Kept(who, new KeptTokens(tokens, Borders(tokens.Count), state.LeastTokens));
    }

    /// <summary>Tokens of a prompt that another seat could take over from a sequence that has this one, between two passes.</summary>
    /// <param name="history">Its tokens.</param>
    /// <param name="done">Of them, those that have been through the model.</param>
    /// <param name="prompt">The other's prompt.</param>
    internal int LendsAt(IReadOnlyList<int> history, int done, IReadOnlyList<int> prompt) =>
        Math.Min(done, new KeptTokens(history, Borders(done), state.LeastTokens).ResumeAt(prompt));

    /// <summary>Slot of the snapshot behind so many tokens; null where the state itself stands there.</summary>
    internal int? SnapshotOf(int tokens) => state.IsRecurrent && _whole != tokens ? _snapshots.Find(tokens) : null;

    /// <summary>Gives up the last page of what is kept: others want it.</summary>
    internal void Trim()
    {
        int tokens = (state.Pages.Held - 1) * PageLayout.Tokens;
        if (tokens <= 0 || tokens < state.LeastTokens || _kept is not { } kept || Borders(tokens) is { Length: 0 })
        {
            Forget();
            return;
        }

        _job?.CutPages(tokens);
        Keep(kept.Scope, Beginning(kept.Tokens.Tokens, tokens));
    }

    /// <summary>The first of some tokens, without a copy: page after page goes from a long sequence.</summary>
    private static ArraySegment<int> Beginning(IReadOnlyList<int> tokens, int count)
    {
        ArraySegment<int> all = tokens is ArraySegment<int> already ? already : tokens as int[] ?? [.. tokens];
        return all[..count];
    }

    /// <summary>Nothing of it may be used again.</summary>
    internal void Forget()
    {
        _job?.Cut(0);
        state.Cut(0);
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

    /// <summary>Tokens behind which the state is there as a whole; null = behind any.</summary>
    private int[]? Borders(int tokens) => state.IsRecurrent
        ? [.. _snapshots.Taken.Append(_whole).Where(b => b > 0 && b <= tokens)] : null;

    private sealed record Kept(UInt128 Scope, KeptTokens Tokens);
}
