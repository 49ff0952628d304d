using System.Diagnostics;
using LayerStream.Actors.Ring;
using LayerStream.Actors.Run;
using LayerStream.Actors.Tracing;

namespace LayerStream.Actors.Sweep;

/// <summary>Where the time of one sequence went: what the passes took in which it had a row. What they share counts for each of
/// them.</summary>
internal sealed class SequenceFigures
{
    private readonly long[] _waits = new long[StallReasonNames.Count];
    private long[] _waitsBefore = [];
    private Mark _start, _promptRead, _promptEnd, _last;
    private long _startTicks, _promptEndTicks, _endTicks;
    private int _decodePasses;
    private long _decodeRows;

    /// <summary>Passes in which it had rows.</summary>
    internal int Passes { get; set; }

    /// <summary>It has a state and takes part in the next pass.</summary>
    /// <param name="session">The engine's sums.</param>
    /// <param name="loadSeconds">Seconds with a read in flight since the engine started.</param>
    /// <param name="seatedTicks">When it took its seat, in Stopwatch ticks: what is put in place of reading is part of its time.</param>
    internal void Begin(ComputeSession session, double loadSeconds, long seatedTicks)
    {
        _startTicks = seatedTicks;
        _promptEndTicks = _endTicks = Stopwatch.GetTimestamp();
        _start = _promptRead = _promptEnd = _last = Take(session, loadSeconds);
    }

    /// <summary>A pass with rows of its prompt is over, the sampling behind it not yet.</summary>
    internal void ReadPrompt(ComputeSession session, double loadSeconds) => _promptRead = Take(session, loadSeconds);

    /// <summary>The first token has been drawn.</summary>
    internal void EndPrompt(ComputeSession session, double loadSeconds)
    {
        _promptEndTicks = _endTicks = Stopwatch.GetTimestamp();
        _promptEnd = _last = Take(session, loadSeconds);
        _waitsBefore = [.. session.Account.WaitTicks];
    }

    /// <summary>Further tokens have been drawn.</summary>
    /// <param name="session">The engine's sums.</param>
    /// <param name="loadSeconds">Seconds with a read in flight since the engine started.</param>
    /// <param name="rows">Rows of the pass, of all sequences.</param>
    internal void EndToken(ComputeSession session, double loadSeconds, int rows)
    {
        _endTicks = Stopwatch.GetTimestamp();
        (_decodePasses, _decodeRows) = (_decodePasses + 1, _decodeRows + rows);
        _last = Take(session, loadSeconds);
        for (int i = 0; i < _waits.Length; i++)
        {
            _waits[i] = session.Account.WaitTicks[i] - _waitsBefore[i];
        }
    }

    /// <summary>It ends between two tokens.</summary>
    internal void Stop() => _endTicks = _startTicks == 0 ? 0 : Stopwatch.GetTimestamp();

    /// <summary>The figures of a run with the tokens and the reason of its end.</summary>
    internal RunResult Result(SequenceRun run, in Mark now, long wastedBytes, long pinnedBytes, int depth)
    {
        bool hasBegun = _startTicks != 0;
        double wall = Seconds(_endTicks - _promptEndTicks), compute = Seconds(_last.Compute - _promptEnd.Compute),
            load = _last.Load - _promptEnd.Load;
        double least = Math.Min(load, compute);
        return new RunResult
        {
            Ids = [.. run.Generated],
            PromptTokens = run.Request.Prompt.Count,
            CachedTokens = run.Cached,
            DraftedTokens = run.Drafts.Drafted,
            AcceptedTokens = run.Drafts.Accepted,
            Drafts = run.Drafts.Counts,
            DraftFault = run.Drafts.Fault,
            KvPages = run.LastPages,
            Parks = run.Parks,
            PromptSeconds = Seconds(_promptEndTicks - _startTicks),
            DecodeSeconds = wall,
            Passes = Passes,
            RowsPerPass = _decodePasses == 0 ? 0 : (double)_decodeRows / _decodePasses,
            BytesStreamed = hasBegun ? now.Bytes - _start.Bytes : 0,
            ExpertHits = _last.Hits - _promptEnd.Hits,
            ExpertMisses = _last.Misses - _promptEnd.Misses,
            ExpertsSkipped = _last.Skipped - _promptEnd.Skipped,
            ExpertBytesStreamed = hasBegun ? now.ExpertBytes - _start.ExpertBytes : 0,
            PredictedBytesUseful = hasBegun ? now.Useful - _start.Useful : 0,
            PredictedBytesWasted = hasBegun ? now.Wasted - _start.Wasted : 0,
            BytesWasted = wastedBytes,
            BytesPerToken = _decodePasses == 0 ? 0 : (double)(_last.Bytes - _promptEnd.Bytes) / _decodePasses,
            LoadSeconds = load,
            ComputeSeconds = compute,
            ExpertComputeSeconds = Seconds(_last.Experts - _promptEnd.Experts),
            PromptComputeSeconds = Seconds(_promptRead.Compute - _start.Compute),
            PromptBytes = _promptRead.Bytes - _start.Bytes,
            OverlapShare = least <= 0 ? 1 : Math.Clamp((load + compute - wall) / least, 0, 1),
            StallSeconds = Enumerable.Range(1, StallReasonNames.Count - 1)
                .ToDictionary(r => ((StallReason)r).Name(), r => Seconds(_waits[r])),
            FinishReason = run.FinishReason ?? "cancelled",
            PinnedBytes = pinnedBytes,
            PrefetchDepth = depth,
            WallSeconds = Seconds(_endTicks - _startTicks),
        };
    }

    /// <summary>The engine's sums at this moment.</summary>
    internal static Mark Take(ComputeSession session, double loadSeconds)
    {
        PassAccount account = session.Account;
        return new Mark(
            account.DemandedBytes, account.ExpertBytes, account.ComputeTicks, account.ExpertComputeTicks, account.ExpertHits,
            account.ExpertMisses, session.SkippedExperts, session.PredictedBytesUseful, session.PredictedBytesWasted, loadSeconds);
    }

    private static double Seconds(long ticks) => (double)ticks / Stopwatch.Frequency;

    /// <summary>Sums since the engine started.</summary>
    internal readonly record struct Mark(
        long Bytes, long ExpertBytes, long Compute, long Experts, long Hits, long Misses, long Skipped, long Useful, long Wasted,
            double Load);
}
