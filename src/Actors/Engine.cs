using Akka.Actor;
using Akka.Configuration;
using LayerStream.Actors.Loading;
using LayerStream.Actors.Run;
using LayerStream.Actors.Stages;
using LayerStream.Actors.Tracing;
using LayerStream.Formats;
using LayerStream.Models;
using LayerStream.Models.Spec;
using LayerStream.Models.Tiles;
using LayerStream.Planning;
using LayerStream.Storage;

namespace LayerStream.Actors;

/// <summary>A loaded model behind its ring of actors. One run at a time; a later one waits its turn.</summary>
public sealed class Engine : IAsyncDisposable
{
    // A phase of coordinated shutdown must outlast a pass of the largest model.
    private const string ActorConfig = """
        akka.loglevel = ERROR
        akka.stdout-loglevel = OFF
        akka.log-dead-letters = off
        akka.coordinated-shutdown.default-phase-timeout = 120s
        akka.coordinated-shutdown.run-by-clr-shutdown-hook = off
        akka.coordinated-shutdown.exit-clr = off
        akka.actor.default-dispatcher.executor = channel-executor
        """;

    private readonly EngineParts _parts;
    private readonly ActorSystem _system;
    private readonly IActorRef _engine;
    private long _tokens;
    private int _active;
    private long _requests;

    private Engine(EnginePlan plan, EngineParts parts)
    {
        CurrentPlan = plan;
        _parts = parts;
        _system = ActorSystem.Create("layerstream", ConfigurationFactory.ParseString(ActorConfig));
        _engine = _system.ActorOf(Props.Create(() => new EngineActor(parts.Ring, parts.Experts, CreateStage)), "engine");
    }

    /// <summary>The plan in force.</summary>
    public EnginePlan CurrentPlan { get; }

    /// <summary>The resolved model.</summary>
    public ModelSpec Spec => CurrentPlan.Spec;

    /// <summary>Events of the last passes.</summary>
    public TraceRing Trace => _parts.Trace;

    /// <summary>Tokens of context.</summary>
    public int Context => CurrentPlan.Context;

    /// <summary>Whether reads bypass the page cache.</summary>
    public bool IsDirect => _parts.Device.IsDirect;

    /// <summary>Why they do not, or null.</summary>
    public string? DirectFallback => _parts.Device.FallbackReason;

    /// <summary>Slots ahead of compute now.</summary>
    public int Depth => Math.Max(0, _parts.Ring.ActiveSlots - 1);

    /// <summary>The change of a model file in place that keeps this engine from serving, or null.</summary>
    public ModelChangedException? FindChange() => ModelChangedException.Find(_parts.Device);

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
        return new Engine(plan, parts);
    }

    /// <summary>Generates. A cancelled run ends with the reason <c>cancelled</c> and what it had.</summary>
    /// <exception cref="FlashReadException">A tile could not be read; the engine goes on.</exception>
    /// <exception cref="ModelChangedException">A file was changed in place, before or during the run; every later run fails as
    /// well.</exception>
    /// <exception cref="ContextExceededException">The prompt does not fit.</exception>
    public Task<RunResult> RunAsync(RunRequest request, CancellationToken ct) => RunAsync(request, null, ct);

    internal async Task<RunResult> RunAsync(RunRequest request, Action<string>? faultPoint, CancellationToken ct)
    {
        GenerationBody body = new(request, _parts.Reader);
        using RunContext run = new(body.Execute, ct) { FaultPoint = faultPoint };
        await SubmitAsync(run);
        RunResult result = body.Result(run, _parts.Account, _parts.Experts.Predicted, CurrentPlan.PinnedBytes, Depth);
        Interlocked.Add(ref _tokens, result.GeneratedTokens);
        return result;
    }

    /// <summary>Logits of every position, in order; the memory is valid during the call only.</summary>
    public async Task LogitsAsync(IReadOnlyList<int> ids, Action<int, ReadOnlyMemory<float>> row, CancellationToken ct)
    {
        await ExecuteAsync(new LogitsBody(ids, row).Execute, null, ct);
    }

    /// <summary>Runs a body of the caller's on the compute thread, with the whole ring behind it.</summary>
    internal async Task ExecuteAsync(Action<ComputeSession> body, Action<string>? faultPoint, CancellationToken ct)
    {
        using RunContext run = new(body, ct) { FaultPoint = faultPoint };
        await SubmitAsync(run);
    }

    /// <summary>Changes the depth between runs, within the slots that were allocated; gives the depth in force.</summary>
    public async Task<int> SetDepthAsync(int depth) => (await _engine.Ask<DepthSet>(new SetDepth(depth))).Depth;

    /// <summary>Changes the number of reads at the same time, at any time, up to what the engine was started with; 0 = as if none had been
    /// chosen.</summary>
    public void LimitReads(int reads)
    {
        ReaderShare share = ReaderWork.Share(CurrentPlan.Memory, reads);
        _parts.Reader.Limit(share.Reads, share.Urgent);
    }

    /// <summary>What the engine is doing.</summary>
    public EngineStatus Status() => new()
    {
        Busy = Volatile.Read(ref _active) > 0,
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
        Depth = Depth,
    };

    /// <summary>A trace of the events in the ring, ready to save.</summary>
    public TraceFile CaptureTrace(double deviceBytesPerSecond) => _parts.CaptureTrace(CurrentPlan, Depth, deviceBytesPerSecond);

    /// <summary>Names of the tiles that the events of <see cref="Trace"/> number.</summary>
    public TraceTiles DescribeTiles() => _parts.DescribeTiles();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await CoordinatedShutdown.Get(_system).Run(CoordinatedShutdown.ClrExitReason.Instance);
        await _parts.Reader.DrainAsync();
        _parts.Dispose();
    }

    private async Task SubmitAsync(RunContext run)
    {
        Interlocked.Increment(ref _active);
        try
        {
            ThrowIfChanged(null);
            IActorRef engine = _engine;
            _system.ActorOf(Props.Create(() => new RequestActor(run, engine)), $"request-{Interlocked.Increment(ref _requests)}");
            await run.Outcome.Task;
            ThrowIfChanged(null); // what was computed may mix old and new bytes
        }
        catch (FlashReadException e)
        {
            ThrowIfChanged(e);
            throw;
        }
        finally
        {
            Interlocked.Decrement(ref _active);
        }
    }

    private void ThrowIfChanged(FlashReadException? cause)
    {
        if (ModelChangedException.Find(_parts.Device, cause) is { } change)
        {
            throw change;
        }
    }

    private IActorRef CreateStage(IActorRefFactory factory, string name)
    {
        EngineParts parts = _parts;
        IReadOnlyList<int> streamed = [.. CurrentPlan.Memory.Tiles.Tiles.Select(t => t.Index).Where(i => !CurrentPlan.Memory.Pinned[i])];
        TileMap tiles = CurrentPlan.Memory.Tiles;
        Props props = name.Split('-')[0] switch
        {
            "prefetch" => Props.Create(() => new PrefetchActor(parts.Ring, parts.Experts, tiles, streamed)),
            "eviction" => Props.Create(() => new EvictionActor(parts.Ring, parts.Experts, parts.Trace)),
            _ => Props.Create(() => new ComputeActor(parts.Session)),
        };
        return factory.ActorOf(props, name);
    }
}
