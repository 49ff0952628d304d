using System.Diagnostics;
using System.Globalization;
using Akka.Actor;
using LayerStream.Actors.Drafts;
using LayerStream.Actors.Kept;
using LayerStream.Actors.Loading;
using LayerStream.Actors.Ring;
using LayerStream.Actors.Run;
using LayerStream.Actors.Stages;
using LayerStream.Actors.Sweep;
using LayerStream.Actors.Tracing;
using LayerStream.Kernels.Crew;
using LayerStream.Kernels.Ops;
using LayerStream.Memory;
using LayerStream.Models.Decoding;
using LayerStream.Models.Spec;
using LayerStream.Models.Tiles;
using LayerStream.Planning;
using LayerStream.Planning.Tuning;
using LayerStream.Storage;

namespace LayerStream.Actors;

/// <summary>Everything an engine owns on the data plane, allocated in one place and in the order of the sheet.</summary>
internal sealed class EngineParts : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    private EngineParts(IFlashDevice device) => Device = device;

    internal IFlashDevice Device { get; }

    internal FlashReader Reader { get; private set; } = null!;

    internal TileRing Ring { get; private set; } = null!;

    internal ExpertRing Experts { get; private set; } = null!;

    internal PassAccount Account { get; private set; } = null!;

    internal TraceRing Trace { get; private set; } = null!;

    internal ComputeSession Session { get; private set; } = null!;

    /// <summary>Keys and values of all sequences.</summary>
    internal KvPages Pages { get; private set; } = null!;

    /// <summary>States that are kept in a folder; null without one.</summary>
    internal KeptStates? States { get; private set; }

    internal DepthTuning Tuning { get; private set; } = null!;

    internal TransientTuning Transients { get; private set; } = null!;

    internal CrewTuning Crew { get; private set; } = null!;

    private TileNames Names { get; set; } = null!;

    internal static async Task<EngineParts> LoadAsync(EnginePlan plan, EngineOptions options, IFlashDevice device,
        IProgress<LoadProgress>? progress, CancellationToken ct)
    {
        EngineParts parts = new(device);
        try
        {
            await parts.LoadAsync(plan, options, progress, ct);
            return parts;
        }
        catch
        {
            parts.Dispose();
            throw;
        }
    }

    /// <summary>The actors of the stages.</summary>
    internal Func<StageKind, Props> Stages(EnginePlan plan)
    {
        TileMap tiles = plan.Memory.Tiles;
        return stage => stage switch
        {
            StageKind.Prefetch => Props.Create(() => new PrefetchActor(Ring, Experts, tiles)),
            StageKind.Eviction => Props.Create(() => new EvictionActor(Ring, Experts, Trace)),
            _ => Props.Create(() => new ComputeActor(Session)),
        };
    }

    /// <summary>Copies the ring's events with the names a reader needs.</summary>
    internal TraceFile CaptureTrace(EnginePlan plan, int depth, double deviceBytesPerSecond) => new()
    {
        Model = Path.GetFileName(Device.Files[0]),
        TicksPerSecond = Stopwatch.Frequency,
        TileNames = [.. Enumerable.Range(0, Names.Count).Select(t => Names[t])],
        TileLayers = [.. Enumerable.Range(0, Names.Count).Select(Names.Layer)],
        FirstExpertTile = Names.FirstExpert,
        Files = [.. Device.Files.Select(Path.GetFullPath)],
        Reads = TileReads.Create(plan.Memory.Tiles, plan.Memory.Experts),
        DeviceBytesPerSecond = deviceBytesPerSecond,
        BudgetBytes = plan.Sheet.BudgetBytes,
        Depth = depth,
        DepthTuning = Tuning.History,
        TransientTuning = Transients.History,
        Dropped = Trace.Dropped,
        Events = Trace.Snapshot(),
    };

    /// <summary>Names of tiles, for readers of the ring.</summary>
    internal TraceTiles DescribeTiles() => new(Names);

    public void Dispose()
    {
        for (int i = _owned.Count - 1; i >= 0; i--)
        {
            _owned[i].Dispose();
        }

        _owned.Clear();
        // Whatever still holds the parts must not hold the trace and the tables with them.
        (Reader, Ring, Experts, Account, Trace, Session, Names) = (null!, null!, null!, null!, null!, null!, null!);
        (Tuning, Transients, Crew) = (null!, null!, null!);
        Device.Dispose();
    }

    private async Task LoadAsync(EnginePlan plan, EngineOptions options, IProgress<LoadProgress>? progress, CancellationToken ct)
    {
        ModelSpec spec = plan.Spec;
        MemoryPlan memory = plan.Memory;
        BudgetSheet sheet = plan.Sheet;
        ReaderShare share = ReaderWork.Share(memory, options.ReadsInFlight);
        Reader = Own(new FlashReader(Device, share.Reads, share.Urgent));
        Trace = new TraceRing(plan.TraceCapacity) { IsOff = !options.RecordsTrace };
        AlignedBuffer staging = Own(sheet.Allocate(AccountNames.Staging, MemoryPlanner.StagingBytes(spec)));
        AlignedBuffer small = Own(WeightLoader.LoadSmall(spec, Reader, staging, sheet.Account(AccountNames.SmallWeights)));
        Workspace work = Own(Workspace.Create(spec, memory.Batch, memory.LogitRows, plan.Threads, sheet.Account(AccountNames.Activations)));
        BudgetAccount kept = sheet.Account(AccountNames.SequenceState);
        WindowLayers windows = new(spec);
        Pages = Own(new KvPages(new PageLayout(spec, options.KvType, memory.WindowPages == 0 ? null : l => !windows.Contains(l)),
            memory.Pages, kept));
        SequenceState[] states = [.. Enumerable.Range(0, memory.Sequences).Select(
            i => Own(new SequenceState(spec, memory.Context, Pages, kept, memory.Snapshots, memory.WindowPages)
            {
                Trial = Trial(plan),
                Number = i,
            }))];
        Ring = Own(new TileRing(memory, Reader, Trace, sheet));
        Names = new TileNames(spec, memory.Tiles);
        Experts = Own(new ExpertRing(memory.Experts, Reader, Device.Files, Ring.Spent, Trace, Names, sheet) { Loads = Ring.Loads });
        // The disk reads what is pinned meanwhile. Where every expert is loaded, its read takes the memory.
        Task preparing = Prepare(memory.Experts.AllResident ? null : Experts.Slots.Arena, progress, ct);
        PinnedTiles pinned;
        try
        {
            pinned = Own(await WeightLoader.LoadPinnedAsync(memory.Tiles, memory.Pinned, Reader,
                sheet.Account(AccountNames.PinnedWeights), progress, ct));
        }
        finally
        {
            await preparing; // before anything is disposed of
        }

        ct.ThrowIfCancellationRequested();
        await ExpertLoader.LoadAsync(memory.Experts, Experts.Slots, Reader, Device.Files, progress, ct);
        StateFolder? folder = options.StateFolder is null ? null : Own(OpenStates(plan, options, staging));
        if (folder?.ReadExperts(memory.Experts.Layouts.Select(l => l.Bank.Experts)) is { } hot && Experts.Streams)
        {
            await ExpertLoader.LoadHotAsync(hot, memory.Experts, Experts, Reader, Device.Files, progress, ct);
        }

        States = folder is null ? null : new KeptStates(folder, () => Experts.Cache.Residents(memory.Experts));
        ComputeCrew crew = Own(new ComputeCrew(plan.Threads));
        DraftModel? drafts = plan.DraftModel is null ? null : Own(await LoadDraftsAsync(plan, options, crew, staging, progress, ct));
        Account = new PassAccount(Trace, Ring.Waits.Compute);
        Crew = Own(new CrewTuning(crew, Account, new CrewTuner(plan.Threads, plan.StartThreads)));
        bool tunes = options is { PrefetchDepth: 0, ReadsInFlight: 0, TunesDepth: true }; // else they are the user's
        Tuning = new DepthTuning(Ring, Reader, Account, share, tunes ? DepthTuning.Create(memory, share) : null);
        Tuning.Resume();
        RingTileSource source = new(Ring, pinned, Account, Names, Tuning) { Idle = drafts is null ? null : drafts.Step };
        bool tunesSlots = options is { TransientExperts: 0, TunesDepth: true };
        Transients = new TransientTuning(Experts, Reader, Tuning,
            tunesSlots ? TransientTuning.Create(memory.Experts, options.Prediction) : null);
        RingExpertSource experts = new(Experts, Account, Names, options.Prediction, Transients) { Idle = source.Idle };
        IReadOnlyList<RopeTable> ropes = RopeTables.Create(spec, small, plan.RopeContext);
        Decoder decoder = new(spec, memory.Tiles, source, crew, work, small, ropes, options.Activations, experts, plan.DropColdExperts,
            CopyRouters(plan, options, pinned));
        EmbeddingRows embeddings = new(spec.TokenEmbedding, spec, memory.Tiles, pinned, Reader, staging, Account);
        EmbeddingRows? layerInputs = spec.LayerInputs is { } inputs
            ? new EmbeddingRows(inputs.Table, spec, memory.Tiles, pinned, Reader, staging, Account) : null;
        Session = new ComputeSession(spec, decoder, source, experts, Account, work, states, embeddings, layerInputs, Trace, Tuning, Crew)
        {
            Drafts = drafts,
        };
        States?.Prepare(Session.Seats[^1], options.AwaitsTurns); // others are taken first
    }

    private static Task<DraftModel> LoadDraftsAsync(EnginePlan plan, EngineOptions options, ComputeCrew crew, AlignedBuffer staging,
        IProgress<LoadProgress>? progress, CancellationToken ct)
    {
        DraftFile file = plan.DraftModel!;
        DraftShape shape = new(plan.Spec.Vocabulary, plan.Memory.Sequences, plan.Context,
            options.Context > 0 ? options.Context : file.Spec.TrainedContext, options.KvType, options.Activations);
        return DraftModel.LoadAsync(file, plan.Sheet, shape, crew, staging, progress, ct);
    }

    private RouterCopies? CopyRouters(EnginePlan plan, EngineOptions options, PinnedTiles pinned) =>
        plan.Memory.RouterCopyBytes == 0 || options.Prediction == PredictionMode.Off ? null
            : Own(RouterCopies.Create(plan.Spec, plan.Memory.Tiles, plan.Memory.Pinned, pinned.Bytes,
                plan.Sheet.Account(AccountNames.RouterCopies)));

    private StateFolder OpenStates(EnginePlan plan, EngineOptions options, AlignedBuffer staging)
    {
        IEnumerable<bool> isLong = plan.Spec.Ropes.Select(r => r.LongFactors is not null && plan.RopeContext > r.OriginalContext);
        string settings = string.Create(CultureInfo.InvariantCulture,
            $"{options.KvType} {options.Activations} {options.ExpertsPerToken} {options.DropColdExperts} {string.Join(' ', isLong)}");
        return StateFolder.Open(options.StateFolder!, options.StateBytes, StateNames.OfModel(plan.Spec, settings, Device, staging),
            plan.Sheet.Account(AccountNames.Staging), plan.Sheet.Account(AccountNames.WrittenFiles));
    }

    /// <summary>Where a sequence of a recurrent model tries guesses.</summary>
    private TrialRows? Trial(EnginePlan plan) => plan.Memory.DraftRows == 0 || SequenceState.SnapshotBytes(plan.Spec) == 0 ? null
        : Own(new TrialRows(plan.Spec, plan.Memory.DraftRows + 1, plan.Sheet.Account(AccountNames.SequenceState)));

    private static Task Prepare(AlignedBuffer? slots, IProgress<LoadProgress>? progress, CancellationToken cancel) =>
        slots is null ? Task.CompletedTask : FirstUse.TakeAsync(slots,
            done => progress?.Report(new LoadProgress("preparing memory", done, slots.Length)), cancel);

    private T Own<T>(T part)
        where T : IDisposable
    {
        _owned.Add(part);
        return part;
    }
}
