using LayerStream.Actors.Run;

namespace LayerStream.Actors.Stages;

/// <summary>Engine → stage: serve this run.</summary>
internal sealed record StartStage(RunContext Run);

/// <summary>Engine → stage: end the loop, wait for what is under way, answer with <see cref="StageStopped"/>.</summary>
internal sealed record StopStage(RunContext Run);

/// <summary>Stage → engine: the loop of this run has ended and holds nothing; with the exception if it could not settle what was under
/// way.</summary>
internal sealed record StageStopped(RunContext Run, StageKind Stage, Exception? Failure);

/// <summary>Loop → its own actor: ended, with the exception if it failed.</summary>
internal sealed record LoopEnded(RunContext Run, Exception? Failure);

/// <summary>Control → engine: take this run.</summary>
internal sealed record SubmitRun(RunContext Run);

/// <summary>Compute thread → engine: it is done with this run.</summary>
internal sealed record ComputeEnded(RunContext Run, Exception? Failure);

/// <summary>Reader or watchdog → engine: the run under way cannot go on.</summary>
internal sealed record RunFailed(Exception Failure);

/// <summary>Host → engine: use this depth from now on.</summary>
internal sealed record SetDepth(int Depth);

/// <summary>Engine → host: the depth in force.</summary>
internal sealed record DepthSet(int Depth);
