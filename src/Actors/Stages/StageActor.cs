using Akka.Actor;
using LayerStream.Actors.Run;

namespace LayerStream.Actors.Stages;

/// <summary>
/// What the stages share: one loop per run, whose end is piped to the stage itself, so that its mailbox always answers.
/// A loop that fails throws in the actor; supervision stops it, and its successor waits for whatever loop it left.
/// </summary>
internal abstract class StageActor : ReceiveActor
{
    private readonly StageKind _kind;
    private IActorRef? _stopAsker;
    private RunContext? _run;

    protected StageActor(StageKind kind)
    {
        _kind = kind;
        Receive<StartStage>(m => Start(m.Run));
        Receive<StopStage>(m => Stop(m.Run));
        Receive<LoopEnded>(OnLoopEnded);
    }

    /// <summary>The loop of one run; returns when the run needs it no more or <paramref name="stop"/> asks.</summary>
    protected abstract Task LoopAsync(RunContext run, CancellationToken stop);

    /// <summary>Settles what the loop left under way.</summary>
    protected virtual Task SettleAsync(RunContext run) => Task.CompletedTask;

    /// <summary>The loop is told to end; who ends the run awaits it.</summary>
    protected override void PostStop() => _run?.Loop(_kind).Stop();

    private void Start(RunContext run)
    {
        run.Probe(FaultPoint.Of(_kind, FaultPoint.Start));
        _run = run;
        run.Loop(_kind).Start(stop => LoopAsync(run, stop))
            .PipeTo(Self, success: () => new LoopEnded(run, null), failure: e => new LoopEnded(run, e));
    }

    private void Stop(RunContext run)
    {
        run.Probe(FaultPoint.Of(_kind, FaultPoint.Stop));
        _stopAsker = Sender;
        run.Loop(_kind).Stop();
        if (_run is null)
        {
            SettleAndAnswer(run);
        }
    }

    private void OnLoopEnded(LoopEnded ended)
    {
        ended.Run.Probe(FaultPoint.Of(_kind, FaultPoint.Ended));
        _run = null;
        if (ended.Failure is { } failure and not OperationCanceledException)
        {
            throw failure as EngineFaultException ?? new EngineFaultException(_kind.ToString().ToLowerInvariant(), failure);
        }

        if (_stopAsker is not null)
        {
            SettleAndAnswer(ended.Run);
        }
    }

    private void SettleAndAnswer(RunContext run)
    {
        IActorRef asker = _stopAsker!;
        _stopAsker = null;
        EndAsync(run).PipeTo(asker, success: () => new StageStopped(run, _kind, null), failure: e => new StageStopped(run, _kind, e));
    }

    private async Task EndAsync(RunContext run)
    {
        await run.Loop(_kind).EndedAsync(); // a predecessor's
        run.Probe(FaultPoint.Of(_kind, FaultPoint.Settle));
        await SettleAsync(run);
    }
}
