using System.Diagnostics;
using LayerStream.Actors.Ring;
using LayerStream.Actors.Tracing;
using LayerStream.Storage;

namespace LayerStream.Actors.Run;

/// <summary>A generation on the compute thread: prompt in batches, then a pass for each token, sampling in between.</summary>
internal sealed class GenerationBody(RunRequest request, FlashReader reader, Action throwIfChanged)
{
    private readonly long _accepted = request.AcceptedTicks > 0 ? request.AcceptedTicks : Stopwatch.GetTimestamp();
    private readonly List<int> _history = [.. request.Prompt];
    private readonly List<int> _generated = [];
    private readonly long[] _waits = new long[StallReasonNames.Count];
    private long _runStart, _promptEnd, _end, _decodeBytes, _demandedStart, _decodeCompute, _decodeExperts, _promptCompute, _promptBytes,
        _expertStart, _hits, _misses, _skipped, _usefulStart, _wastedStart;
    private double _decodeLoad;
    private int _decodePasses;

    /// <summary>Why the run ended.</summary>
    internal string FinishReason { get; private set; } = "length";

    internal void Execute(ComputeSession session)
    {
        _runStart = _promptEnd = _end = Stopwatch.GetTimestamp();
        (_demandedStart, _expertStart) = (session.Account.DemandedBytes, session.Account.ExpertBytes);
        (_usefulStart, _wastedStart) = (session.PredictedBytesUseful, session.PredictedBytesWasted);
        int room = session.Context - request.Prompt.Count;
        if (request.Prompt.Count < 1 || room < 1)
        {
            throw new ContextExceededException(request.Prompt.Count, session.Context);
        }

        foreach (int id in request.Prompt)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(id);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(id, session.Spec.Vocabulary);
        }

        if (request.Routes is { } routes && session.Spec.ExpertBanks.Count > 0)
        {
            session.Record(new RouteRecorder(session.Spec, session.Batch, request.Prompt.Count, routes));
        }

        int most = Math.Min(request.MaxTokens, room), first = session.Pass;
        try
        {
            (long compute, long bytes) = (session.Account.ComputeTicks, session.Account.DemandedBytes);
            ReadPrompt(session, most > 1);
            (_promptCompute, _promptBytes) = (session.Account.ComputeTicks - compute, session.Account.DemandedBytes - bytes);
            Decode(session, most);
        }
        catch (OperationCanceledException)
        {
            FinishReason = "cancelled";
            _end = Stopwatch.GetTimestamp();
        }
        finally
        {
            session.Record(TraceKind.Request, _accepted, first, _generated.Count);
        }
    }

    internal RunResult Result(RunContext run, PassAccount account, PredictedReads predicted, long pinnedBytes, int depth)
    {
        double wall = Seconds(_end - _promptEnd), compute = Seconds(_decodeCompute);
        double least = Math.Min(_decodeLoad, compute);
        return new RunResult
        {
            Ids = [.. _generated],
            PromptTokens = request.Prompt.Count,
            PromptSeconds = Seconds(_promptEnd - _runStart),
            DecodeSeconds = wall,
            BytesStreamed = account.DemandedBytes - _demandedStart,
            ExpertHits = _hits,
            ExpertMisses = _misses,
            ExpertsSkipped = _skipped,
            ExpertBytesStreamed = account.ExpertBytes - _expertStart,
            PredictedBytesUseful = predicted.UsefulBytes - _usefulStart,
            PredictedBytesWasted = predicted.WastedBytes - _wastedStart,
            BytesWasted = run.WastedBytes,
            BytesPerToken = _decodePasses == 0 ? 0 : (double)_decodeBytes / _decodePasses,
            LoadSeconds = _decodeLoad,
            ComputeSeconds = compute,
            ExpertComputeSeconds = Seconds(_decodeExperts),
            PromptComputeSeconds = Seconds(_promptCompute),
            PromptBytes = _promptBytes,
            OverlapShare = least <= 0 ? 1 : Math.Clamp((_decodeLoad + compute - wall) / least, 0, 1),
            StallSeconds = Enumerable.Range(1, StallReasonNames.Count - 1)
                .ToDictionary(r => ((StallReason)r).Name(), r => Seconds(_waits[r])),
            FinishReason = FinishReason,
            PinnedBytes = pinnedBytes,
            PrefetchDepth = depth,
            WallSeconds = Seconds(_end - _runStart),
        };
    }

    private static double Seconds(long ticks) => (double)ticks / Stopwatch.Frequency;

    private void ReadPrompt(ComputeSession session, bool more)
    {
        int count = request.Prompt.Count, batches = (count + session.Batch - 1) / session.Batch;
        session.Announce(batches == 1);
        for (int b = 0; b < batches; b++)
        {
            int begin = (int)((long)count * b / batches), end = (int)((long)count * (b + 1) / batches);
            if (b + 1 < batches || more)
            {
                // The pass behind this one: another prompt batch (with the head if it is the last) or the first decode pass.
                session.Announce(b + 2 >= batches);
            }

            long start = Stopwatch.GetTimestamp();
            session.Execute(request.Prompt, begin, end - begin, begin, b + 1 == batches ? 1 : 0);
            session.Record(TraceKind.Prompt, start, session.Pass - 1, end - begin);
            request.OnPrompt?.Invoke(end, count);
        }
    }

    private void Decode(ComputeSession session, int most)
    {
        long start = Stopwatch.GetTimestamp();
        bool ended = most < 1 || Pick(session);
        _promptEnd = _end = Stopwatch.GetTimestamp();
        session.Record(TraceKind.Sample, start, session.Pass - 1);
        long[] waits = [.. session.Account.WaitTicks];
        long bytes = session.Account.DemandedBytes, compute = session.Account.ComputeTicks, experts = session.Account.ExpertComputeTicks;
        (long hits, long misses, long skipped) = (session.Account.ExpertHits, session.Account.ExpertMisses, session.SkippedExperts);
        double load = reader.Activity.BusySeconds;
        while (!ended && _generated.Count < most)
        {
            if (_generated.Count + 1 < most)
            {
                session.Announce(true);
            }

            start = Stopwatch.GetTimestamp();
            session.Execute(_generated, _generated.Count - 1, 1, _history.Count - 1, 1);
            long sampling = Stopwatch.GetTimestamp();
            ended = Pick(session);
            session.Record(TraceKind.Sample, sampling, session.Pass - 1);
            session.Record(TraceKind.Token, start, session.Pass - 1);
            _end = Stopwatch.GetTimestamp();
            _decodePasses++;
            _decodeBytes = session.Account.DemandedBytes - bytes;
            _decodeCompute = session.Account.ComputeTicks - compute;
            _decodeExperts = session.Account.ExpertComputeTicks - experts;
            (_hits, _misses, _skipped) = (session.Account.ExpertHits - hits, session.Account.ExpertMisses - misses,
                session.SkippedExperts - skipped);
            _decodeLoad = reader.Activity.BusySeconds - load;
            for (int i = 0; i < waits.Length; i++)
            {
                _waits[i] = session.Account.WaitTicks[i] - waits[i];
            }
        }
    }

    /// <summary>Samples and reports one token; true ends the run.</summary>
    private bool Pick(ComputeSession session)
    {
        int id = request.Sample(session.Logits(0), _history);
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(id, session.Spec.Vocabulary);
        throwIfChanged(); // what was computed may mix old and new bytes: no such token leaves
        _history.Add(id);
        _generated.Add(id);
        if (!request.OnToken(id))
        {
            return false;
        }

        FinishReason = request.FinishReasonOnStop;
        return true;
    }
}
