using LayerStream.Actors.Ring;

namespace LayerStream.Actors.Run;

/// <summary>Names of the points at which a test may make a stage, a message, a completion or a thread fail.</summary>
internal static class FaultPoint
{
    internal const string PrefetchLoop = "prefetch";
    internal const string DemandLoop = "demand";
    internal const string EvictionLoop = "eviction";
    internal const string ComputeLoop = "compute";
    internal const string ComputeThread = "compute.thread";
    internal const string TileCompleted = TileRing.CompletedPoint;
    internal const string ExpertCompleted = ExpertRing.CompletedPoint;
    internal const string PredictionCompleted = PredictedReads.CompletedPoint;
    internal const string EngineSubmit = "engine.submit";
    internal const string EngineComputeEnded = "engine.compute_ended";
    internal const string EngineStageStopped = "engine.stage_stopped";
    internal const string EngineStageDied = "engine.stage_died";
    internal const string EngineCompletionFailed = "engine.completion_failed";
    internal const string EngineFinish = "engine.finish";

    /// <summary>Messages of a stage, behind its name.</summary>
    internal const string Start = ".start";
    internal const string Stop = ".stop";
    internal const string Ended = ".ended";
    internal const string Settle = ".settle";

    /// <summary>Name of a stage in the points of its messages.</summary>
    internal static string Of(StageKind stage, string message) => stage.ToString().ToLowerInvariant() + message;
}
