using LayerStream.Actors.Loading;
using LayerStream.Actors.Ring;
using LayerStream.Actors.Run;
using LayerStream.Actors.Stages;
using LayerStream.Actors.Sweep;
using LayerStream.Actors.Tracing;
using LayerStream.Formats;
using LayerStream.Models.Spec;
using LayerStream.Planning;
using LayerStream.Planning.Batches;
using LayerStream.Planning.Drafts;
using LayerStream.Planning.Tuning;
using LayerStream.Storage;

namespace LayerStream.Actors;

/// <summary>
/// A loaded model behind its ring of actors. As many generations as the plan has states for share the passes over it; later ones wait
/// for a state. What a generation gets does not depend on its company.
/// </summary>
public sealed class Engine : IAsyncDisposable
{
    private readonly EngineParts _parts;
    private readonly EngineControl _control;
    private readonly SweepQueue _sweep;
    private readonly EnginePart? _behind;
    private readonly DraftMode _drafts;
    private long _tokens;
    private readonly long[] _draftedTokens = new long[DraftKindNames.Count], _acceptedTokens = new long[DraftKindNames.Count];
    private long _cachedTokens, _parks;
    private int _isDisposed;

    private Engine(EnginePlan plan, EngineParts parts, EngineOptions options, EnginePart? behind = null)
    {
        CurrentPlan = plan;
        (_parts, _behind) = (parts, behind);
        parts.Session.Behind = behind?.Link;
        _drafts = options.Drafts;
        _control = new EngineControl(parts.Ring, parts.Experts, parts.Reader, parts.Account, parts.Stages(plan), options.StallLimit);
        PassPace pace = new(options.MostPassSeconds);
        _sweep = new SweepQueue(
            parts.Session.Seats, new PageAdmission(parts.Pages, isAmple: plan.Memory.HasPagesForAll),
            (run, sums, wasted) => run.Figures.Result(run, sums, wasted, CurrentPlan.PinnedBytes, Depth))
        {
            Submit = SubmitAsync,
            Body = queue => new SweepBody(queue, plan.Memory.Sequences, plan.Memory.Batch, pace, parts.Reader, ThrowIfChanged, parts.States)
                .Execute,
            Runs = () => behind?.Active ?? _control.Active,
            Sums = () => SequenceFigures.Take(parts.Session, parts.Reader.Activity.BusySeconds),
        };
    }

    /// <summary>The plan in force.</summary>
    public EnginePlan CurrentPlan { get; }

    /// <summary>The resolved model.</summary>
    public ModelSpec Spec => CurrentPlan.Spec;

    /// <summary>Events of the last passes.</summary>
    public TraceRing Trace => _parts.Trace;

    /// <summary>Whether guesses can be tried: a recurrent state cannot be cut back to those that were right, so that it needs room for
    /// trials.</summary>
    public bool CanDraft => !_parts.Session.Seats[0].State.IsRecurrent || _parts.Session.Seats[0].State.Trial is not null;

    /// <summary>Whether sequences of the background and of one scope share a beginning of full pages in the pass that reads it.</summary>
    public bool SharesWithinPass => _parts.Session.Seats[0].State.LendsAhead;

    /// <summary>Tokens of context.</summary>
    public int Context => CurrentPlan.Context;

    /// <summary>Whether reads bypass the page cache.</summary>
    public bool IsDirect => _parts.Device.IsDirect;

    /// <summary>Why they do not, or null.</summary>
    public string? DirectFallback => _parts.Device.FallbackReason;

    /// <summary>The slots and what is in them.</summary>
    internal TileRing Ring => _parts.Ring;

    /// <summary>Slots ahead of compute now.</summary>
    public int Depth => Math.Max(0, _parts.Ring.WantedSlots - 1);

    /// <summary>The change of a model file in place that keeps this engine from serving, or null.</summary>
    public ModelChangedException? FindChange() => ModelChangedException.Find(_parts.Device);

    /// <summary>Why this engine serves nothing any more, or null.</summary>
    public Exception? Failure => _control.Failure;

    /// <summary>Plans without loading weights. See <see cref="EnginePlanner.Plan"/> for the errors.</summary>
    public static EnginePlan Plan(GgufModel model, EngineOptions options) => EnginePlanner.Plan(model, options);

    /// <summary>Loads what stays in memory and starts the ring.</summary>
    /// <exception cref="FlashReadException">A pinned tile could not be read.</exception>
    public static Task<Engine> StartAsync(GgufModel model, EngineOptions options, IProgress<LoadProgress>? progress,
        CancellationToken ct) =>
        StartAsync(Plan(model, options), options, FlashDevice.Open(model.Files), progress, ct);

    /// <summary>As above, with a plan already made and a device of the caller's; the engine disposes of the device.</summary>
    public static async Task<Engine> StartAsync(EnginePlan plan, EngineOptions options, IFlashDevice device,
        IProgress<LoadProgress>? progress, CancellationToken ct)
    {
        EngineParts parts = await EngineParts.LoadAsync(plan, options, device, progress, ct);
        return new Engine(plan, parts, options);
    }

    /// <summary>As above for the first layers of a model, whose others another engine of this process runs; it is disposed of with this
    /// one.</summary>
    /// <exception cref="ArgumentException">The two do not fit.</exception>
    internal static async Task<Engine> StartInFrontAsync(EnginePlan plan, EngineOptions options, IFlashDevice device,
        EnginePart behind, CancellationToken ct)
    {
        behind.Check(plan, options);
        EngineParts parts = await EngineParts.LoadAsync(plan, options, device, null, ct);
        return new Engine(plan, parts, options, behind);
    }

    /// <summary>Generates. A cancelled run ends with the reason <c>cancelled</c> and what it had.</summary>
    /// <exception cref="FlashReadException">A tile could not be read; the engine goes on.</exception>
    /// <exception cref="ModelChangedException">A file was changed in place, before or during the run; every later run fails as
    /// well.</exception>
    /// <exception cref="ContextExceededException">The prompt does not fit.</exception>
    /// <exception cref="EngineFaultException">A stage, a loop, a completion or a thread failed; the engine goes on unless
    /// <see cref="Failure"/> says otherwise.</exception>
    /// <exception cref="EngineStalledException">Nothing moved for <see cref="EngineOptions.StallLimit"/>.</exception>
    public Task<RunResult> RunAsync(RunRequest request, CancellationToken ct) => RunAsync(request, null, ct);

    internal async Task<RunResult> RunAsync(RunRequest request, Action<string>? faultHook, CancellationToken ct)
    {
        if (request.Prompt.Count < 1 || request.Prompt.Count >= Context)
        {
            throw new ContextExceededException(request.Prompt.Count, Context);
        }

        if (request.Routes is not null && _behind is not null)
        {
            throw new ArgumentException("the routing of a model in two engines cannot be recorded", nameof(request));
        }

        foreach (int id in request.Prompt)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(id);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(id, Spec.Vocabulary);
        }

        ThrowIfChanged();
        RunResult result = await _sweep.RunAsync(Sequence(request, faultHook), ct);
        ThrowIfChanged();
        Interlocked.Add(ref _tokens, result.GeneratedTokens);
        Interlocked.Add(ref _cachedTokens, result.CachedTokens);
        Interlocked.Add(ref _parks, result.Parks);
        foreach (DraftCount count in result.Drafts)
        {
            Interlocked.Add(ref _draftedTokens[(int)count.Kind], count.Drafted);
            Interlocked.Add(ref _acceptedTokens[(int)count.Kind], count.Accepted);
        }

        return result;
    }

    private SequenceRun Sequence(RunRequest request, Action<string>? faultHook)
    {
        bool drafts = faultHook is null && request.Routes is null && CanDraft;
        IDrafter[] own = request.Drafter is { } given ? [given] : [];
        IDrafter[] drafters = !drafts ? [] : _drafts is DraftMode.Auto or DraftMode.Prompt ? [.. own, new PromptDrafter()] : own;
        return new SequenceRun(request, Context)
        {
            FaultHook = faultHook,
            Drafts = new SequenceDrafts(drafters, new DraftGate(isForced: _drafts != DraftMode.Auto))
            {
                UsesModel = drafts && _drafts is DraftMode.Auto or DraftMode.Model,
            },
        };
    }

    /// <summary>Logits of every position, in order; the memory is valid during the call only.</summary>
    public async Task LogitsAsync(IReadOnlyList<int> ids, Action<int, ReadOnlyMemory<float>> row, CancellationToken ct)
    {
        await ExecuteAsync(new RowsBody(ids, true, row, ThrowIfChanged).Execute, null, ct);
    }

    /// <summary>State of every position behind the last layer and the final norm, in order; the memory is valid during the call
    /// only.</summary>
    public async Task StatesAsync(IReadOnlyList<int> ids, Action<int, ReadOnlyMemory<float>> row, CancellationToken ct)
    {
        await ExecuteAsync(new RowsBody(ids, false, row, ThrowIfChanged).Execute, null, ct);
    }

    /// <summary>Runs a body of the caller's on the compute thread, with the whole ring behind it.</summary>
    internal async Task ExecuteAsync(Action<ComputeSession> body, Action<string>? faultHook, CancellationToken ct)
    {
        using RunContext run = new(body, ct) { FaultHook = faultHook };
        await SubmitAsync(run);
    }

    /// <summary>Changes the depth between runs, within the slots that were allocated; gives the depth in force.</summary>
    public Task<int> SetDepthAsync(int depth) => _control.SetDepthAsync(depth);

    /// <summary>Changes the number of reads at the same time, at any time, up to what the engine was started with; 0 = as if none had been
    /// chosen.</summary>
    public void LimitReads(int reads)
    {
        ReaderShare share = ReaderWork.Share(CurrentPlan.Memory, reads);
        _parts.Reader.Limit(share.Reads, share.Urgent);
        if (reads > 0)
        {
            _parts.Tuning.Pause();
        }
        else
        {
            _parts.Tuning.Resume();
        }
    }

    /// <summary>Has the tuner begin with what was learnt of this disk and model; call before the first run. Without effect where depth or
    /// reads are given.</summary>
    public void StartTuningAt(TunerSetting learnt) => _parts.Tuning.StartAt(learnt);

    /// <summary>Why a state could not be kept in its folder, known when the engine has ended; null while all could.</summary>
    public string? StateFault { get; private set; }

    /// <summary>States that are kept in a folder; null without one.</summary>
    internal KeptStates? States => _parts.States;

    /// <summary>Whether states are kept in the folder that was asked for: another process may be doing so for the same model.</summary>
    public bool KeepsStates => _parts.States is { CanWrite: true };

    /// <summary>What was decided about depth, reads and transient slots, the oldest first, each with its reason.</summary>
    public IReadOnlyList<TunerDecision> TunerDecisions =>
        [.. _parts.Tuning.Decisions.Concat(_parts.Transients.Decisions).OrderBy(d => d.Pass)];

    /// <summary>What the last looks at the passes came to.</summary>
    public string TunerFinding => _parts.Transients.Finding is { } slots ? $"{_parts.Tuning.Finding}; {slots}" : _parts.Tuning.Finding;

    /// <summary>Depth and reads that it found best; null while it tries, or where depth or reads are given.</summary>
    public TunerSetting? Tuned => _parts.Tuning.Settled;

    /// <summary>Threads that compute at present: fewer than there are where others use the cores.</summary>
    public int ComputingThreads => _parts.Crew.Members;

    /// <summary>What was decided about them, the oldest first, each with its reason.</summary>
    public IReadOnlyList<CrewDecision> CrewDecisions => _parts.Crew.Decisions;

    /// <summary>What the last look at the passes came to.</summary>
    public string CrewFinding => _parts.Crew.Finding;

    /// <summary>What the engine is doing.</summary>
    public EngineStatus Status() => new()
    {
        Busy = _control.Active > 0,
        Failure = _control.Failure?.Message,
        FreeSlots = _parts.Ring.Free.Reader.Count,
        TotalSlots = _parts.Ring.ActiveSlots,
        FreeTransientSlots = _parts.Experts.Free.Reader.Count,
        TransientSlots = _parts.Experts.TransientSlots,
        ExpertHits = _parts.Account.ExpertHits,
        ExpertMisses = _parts.Account.ExpertMisses,
        ExpertBytesDemanded = _parts.Account.ExpertBytes,
        ExpertBytesWasted = _parts.Experts.WastedBytes,
        ExpertsSkipped = _parts.Session.SkippedExperts,
        PredictedBytesUseful = _parts.Experts.Predicted.UsefulBytes,
        PredictedBytesWasted = _parts.Experts.Predicted.WastedBytes,
        InFlightReads = _parts.Reader.InFlight,
        BytesRead = _parts.Reader.BytesRead,
        LoadSeconds = _parts.Reader.Activity.BusySeconds,
        ComputeSeconds = (double)_parts.Account.ComputeTicks / System.Diagnostics.Stopwatch.Frequency,
        Tokens = Interlocked.Read(ref _tokens),
        CachedTokens = Interlocked.Read(ref _cachedTokens),
        DraftedTokens = Sum(_draftedTokens),
        AcceptedTokens = Sum(_acceptedTokens),
        Drafts = [.. Enumerable.Range(0, DraftKindNames.Count).Select(k => new DraftCount(
            (DraftKind)k, Interlocked.Read(ref _draftedTokens[k]), Interlocked.Read(ref _acceptedTokens[k])))],
        Depth = Depth,
        Sequences = _sweep.Seats,
        RunningSequences = _sweep.Running,
        WaitingSequences = _sweep.Waiting,
        Pages = _sweep.Pages(),
        Parks = Interlocked.Read(ref _parks),
        Passes = _parts.Session.Pass,
        PassRows = _parts.Session.PassRows,
    };

    /// <summary>What of each layer is in memory, in the order of the layers.</summary>
    public IReadOnlyList<LayerResidency> Layers() => LayerResidency.Of(_parts, CurrentPlan);

    private static long Sum(long[] counts) => Enumerable.Range(0, counts.Length).Sum(i => Interlocked.Read(ref counts[i]));

    /// <summary>Totals since the start, for metrics.</summary>
    public EngineCounters Counters() => EngineCounters.Of(_parts);

    /// <summary>How long reads took.</summary>
    public LoadTimes Loads => _parts.Ring.Loads;

    /// <summary>A trace of the events in the ring, ready to save.</summary>
    public TraceFile CaptureTrace(double deviceBytesPerSecond) => _parts.CaptureTrace(CurrentPlan, Depth, deviceBytesPerSecond);

    /// <summary>Names of the tiles that the events of <see cref="Trace"/> number.</summary>
    public TraceTiles DescribeTiles() => _parts.DescribeTiles();

    /// <summary>Ends active and waiting runs (each with what it has, as <c>cancelled</c>), then frees everything.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        _sweep.Close();
        if (await _control.CloseAsync())
        {
            await _sweep.EndedAsync();
            await _parts.Reader.DrainAsync();
            if (_parts.States is { } states)
            {
                await states.EndAsync();
                StateFault = states.Fault;
            }

            _parts.Dispose();
        }

        if (_behind is not null)
        {
            await _behind.DisposeAsync();
        }
    }

    private async Task SubmitAsync(RunContext run)
    {
        try
        {
            ThrowIfChanged();
            await (_behind is null ? _control.SubmitAsync(run) : _behind.RunAsync(run, _control.SubmitAsync));
            ThrowIfChanged();
        }
        catch (FlashReadException e)
        {
            ThrowIfChanged(e);
            throw;
        }
    }

    private void ThrowIfChanged() => ThrowIfChanged(null);

    private void ThrowIfChanged(FlashReadException? cause)
    {
        if (ModelChangedException.Find(_parts.Device, cause) is { } change)
        {
            throw change;
        }
    }
}
