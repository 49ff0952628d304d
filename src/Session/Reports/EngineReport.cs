using System.Text.Json.Serialization;
using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Planning.Tuning;

namespace LayerStream.Session.Reports;

/// <summary>What an engine does and did since it was loaded.</summary>
public sealed record EngineReport
{
    /// <summary>Whether it computes.</summary>
    public required bool Busy { get; init; }

    /// <summary>Tiles loaded ahead at present.</summary>
    public required int PrefetchDepth { get; init; }

    /// <summary>Slots of the ring that hold nothing.</summary>
    public required int FreeSlots { get; init; }

    /// <summary>Slots of the ring.</summary>
    public required int TotalSlots { get; init; }

    /// <summary>Slots for experts that stay.</summary>
    public required int ExpertSlots { get; init; }

    /// <summary>Routed experts found in memory.</summary>
    public required long ExpertHits { get; init; }

    /// <summary>Routed experts that were not.</summary>
    public required long ExpertMisses { get; init; }

    /// <summary>Bytes of experts read on demand.</summary>
    public required long ExpertBytesDemanded { get; init; }

    /// <summary>Bytes of experts read for nothing.</summary>
    public required long ExpertBytesWasted { get; init; }

    /// <summary>Experts left out by a lossy option.</summary>
    public required long ExpertsSkipped { get; init; }

    /// <summary>Bytes read ahead of demand that were then demanded.</summary>
    public required long PredictedBytesUseful { get; init; }

    /// <summary>Bytes read ahead of demand for nothing.</summary>
    public required long PredictedBytesWasted { get; init; }

    /// <summary>Reads in flight at present.</summary>
    public required int ReadsInFlight { get; init; }

    /// <summary>Bytes read.</summary>
    public required long BytesRead { get; init; }

    /// <summary>Seconds with reads in flight.</summary>
    public required double LoadSeconds { get; init; }

    /// <summary>Seconds of arithmetic.</summary>
    public required double ComputeSeconds { get; init; }

    /// <summary>Tokens generated.</summary>
    public required long Tokens { get; init; }

    /// <summary>Sequences that have rows in passes.</summary>
    public required int SequencesRunning { get; init; }

    /// <summary>Passes over the model.</summary>
    public required long Passes { get; init; }

    /// <summary>Rows of all passes.</summary>
    public required long PassRows { get; init; }

    /// <summary>What sweeps served.</summary>
    public required SweepReport Sweep { get; init; }

    /// <summary>Who holds the pages of keys and values, 128 tokens each.</summary>
    public required PageCounts KvPages { get; init; }

    /// <summary>Whether reads bypass the page cache.</summary>
    public required bool DirectIo { get; init; }

    /// <summary>Why they do not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required string? DirectIoFallback { get; init; }

    /// <summary>Measured rate of the device.</summary>
    public required double DeviceBytesPerSecond { get; init; }

    /// <summary>What the tuner found.</summary>
    public required TunerReport Tuning { get; init; }

    /// <summary>What of each layer is in memory; −1 = outside the layers.</summary>
    public required IReadOnlyList<LayerReport> Layers { get; init; }

    /// <summary>The threads that compute.</summary>
    public required CrewReport Crew { get; init; }

    /// <summary>Of a loaded model.</summary>
    public static EngineReport Of(LoadedModel model)
    {
        EngineStatus status = model.Engine.Status();
        return new()
        {
            Busy = status.Busy,
            PrefetchDepth = status.Depth,
            FreeSlots = status.FreeSlots,
            TotalSlots = status.TotalSlots,
            ExpertSlots = model.Engine.CurrentPlan.Experts.ResidentSlots,
            ExpertHits = status.ExpertHits,
            ExpertMisses = status.ExpertMisses,
            ExpertBytesDemanded = status.ExpertBytesDemanded,
            ExpertBytesWasted = status.ExpertBytesWasted,
            ExpertsSkipped = status.ExpertsSkipped,
            PredictedBytesUseful = status.PredictedBytesUseful,
            PredictedBytesWasted = status.PredictedBytesWasted,
            ReadsInFlight = status.InFlightReads,
            BytesRead = status.BytesRead,
            LoadSeconds = status.LoadSeconds,
            ComputeSeconds = status.ComputeSeconds,
            Tokens = status.Tokens,
            SequencesRunning = status.RunningSequences,
            Passes = status.Passes,
            PassRows = status.PassRows,
            Sweep = SweepReport.Of(status),
            KvPages = status.Pages,
            DirectIo = model.Engine.IsDirect,
            DirectIoFallback = model.Engine.DirectFallback,
            DeviceBytesPerSecond = model.DeviceBytesPerSecond,
            Tuning = TunerReport.Of(model.Engine),
            Layers = [.. model.Engine.Layers().Select(LayerReport.Of)],
            Crew = CrewReport.Of(model.Engine),
        };
    }
}

/// <summary>What of a layer is in memory when compute comes for it.</summary>
/// <param name="Layer">The layer; −1 = outside the layers, as the head is.</param>
/// <param name="DenseBytes">Bytes of its matrices; every token uses all of them.</param>
/// <param name="HeldBytes">Of them, those that stay in memory.</param>
/// <param name="ExpertHits">Experts that passes demanded since the start and that were in memory.</param>
/// <param name="ExpertMisses">Experts that passes demanded since the start and that had to be read.</param>
public sealed record LayerReport(int Layer, long DenseBytes, long HeldBytes, long ExpertHits, long ExpertMisses)
{
    /// <summary>Of a layer of an engine.</summary>
    public static LayerReport Of(LayerResidency layer) =>
        new(layer.Layer, layer.DenseBytes, layer.HeldBytes, layer.ExpertHits, layer.ExpertMisses);
}

/// <summary>What the tuner found, and what it set.</summary>
/// <param name="Finding">What sets the pace, in words.</param>
/// <param name="Settled">Whether it has settled.</param>
/// <param name="Decisions">What it decided, the oldest first.</param>
public sealed record TunerReport(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Finding, bool Settled, IReadOnlyList<DecisionReport> Decisions)
{
    /// <summary>Of an engine.</summary>
    public static TunerReport Of(Engine engine) =>
        new(engine.TunerFinding, engine.Tuned is not null, [.. engine.TunerDecisions.Select(DecisionReport.Of)]);
}

/// <summary>A decision of the tuner.</summary>
/// <param name="Pass">The pass it was taken after.</param>
/// <param name="PrefetchDepth">Tiles loaded ahead from then on.</param>
/// <param name="ReadsInFlight">Reads in flight at most from then on.</param>
/// <param name="Reason">Why.</param>
public sealed record DecisionReport(long Pass, int PrefetchDepth, int ReadsInFlight, string Reason)
{
    /// <summary>Of a decision.</summary>
    public static DecisionReport Of(TunerDecision decision) =>
        new(decision.Pass, decision.Setting.Depth, decision.Setting.Reads, decision.Reason);
}
