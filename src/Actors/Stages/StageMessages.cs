using LayerStream.Actors.Run;

namespace LayerStream.Actors.Stages;

/// <summary>Engine → stage: serve this run.</summary>
internal sealed record StartStage(RunContext Run);

/// <summary>Engine → stage: end the loop, wait for what is under way, answer with <see cref="StageStopped"/>.</summary>
internal sealed record StopStage(RunContext Run);

/// <summary>Stage → Engine: the loop of this run has ended and holds nothing.</summary>
internal sealed record StageStopped(RunContext Run, string Stage);

/// <summary>Loop → its own actor: ended, with the exception if it failed.</summary>
internal sealed record LoopEnded(RunContext Run, Exception? Failure);

/// <summary>Request → Engine: take this run.</summary>
internal sealed record SubmitRun(RunContext Run);

/// <summary>Engine → Request: the run is over and the ring is whole again.</summary>
internal sealed record RunEnded(RunContext Run, Exception? Failure);

/// <summary>Host → Engine: use this depth from now on.</summary>
internal sealed record SetDepth(int Depth);

/// <summary>Engine → Host: the depth in force.</summary>
internal sealed record DepthSet(int Depth);
