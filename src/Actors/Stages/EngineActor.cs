using Akka.Actor;
using LayerStream.Actors.Ring;
using LayerStream.Actors.Run;

namespace LayerStream.Actors.Stages;

/// <summary>
/// Supervisor of the ring. A run starts all stages; when compute has ended, prefetch is stopped and its reads awaited, then
/// eviction settles the slots; only then does the caller hear of the end. A stage that fails fails its request alone.
/// </summary>
internal sealed class EngineActor : ReceiveActor
{
    private const int MostDeaths = 8; // of stages in one run

    private readonly TileRing _ring;
    private readonly ExpertRing _experts;
    private readonly Func<StageKind, Props> _stage;
    private readonly Action<RunContext?, Exception?> _stopped;
    private readonly IActorRef[] _stages = [ActorRefs.Nobody, ActorRefs.Nobody, ActorRefs.Nobody];
    private readonly Queue<RunContext> _waiting = new();
    private RunContext? _run;
    private Exception? _failure;
    private Exception? _fault;
    private StageKind? _settling;
    private int _deaths;

    /// <param name="ring">Its slots are counted when a run has ended.</param>
    /// <param name="experts">As well.</param>
    /// <param name="stage">How each stage is made.</param>
    /// <param name="stopped">Hears when this actor is gone, of the run it served and of what threw.</param>
    public EngineActor(TileRing ring, ExpertRing experts, Func<StageKind, Props> stage, Action<RunContext?, Exception?> stopped)
    {
        (_ring, _experts, _stage, _stopped) = (ring, experts, stage, stopped);
        Receive<SubmitRun>(m => Submit(m.Run));
        Receive<ComputeEnded>(OnComputeEnded);
        Receive<StageStopped>(OnStageStopped);
        Receive<StageDied>(OnStageDied);
        Receive<RunFailed>(OnRunFailed);
        Receive<SetDepth>(OnSetDepth);
    }

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    protected override void PreStart()
    {
        foreach (StageKind stage in Enum.GetValues<StageKind>())
        {
            Create(stage);
        }
    }

    /// <summary>The stages are gone by now.</summary>
    protected override void PostStop() => _stopped(_run, _fault);

    protected override bool AroundReceive(Receive receive, object message)
    {
        try
        {
            return base.AroundReceive(receive, message);
        }
        catch (Exception e)
        {
            _fault = e;
            throw;
        }
    }

    private void Create(StageKind stage)
    {
        IActorRef actor = Context.ActorOf(_stage(stage));
        _stages[(int)stage] = actor;
        Context.WatchWith(actor, new StageDied(stage, actor));
    }

    private void Submit(RunContext run)
    {
        if (_run is not null)
        {
            _waiting.Enqueue(run);
            return;
        }

        (_run, _failure, _deaths) = (run, null, 0);
        run.Probe(FaultPoint.EngineSubmit);
        (_ring.FaultHook, _experts.FaultHook) = (run.FaultHook, run.FaultHook);
        run.ComputeEnded.Task.PipeTo(Self, success: failure => new ComputeEnded(run, failure));
        foreach (IActorRef stage in _stages)
        {
            stage.Tell(new StartStage(run));
        }
    }

    private void OnComputeEnded(ComputeEnded ended)
    {
        if (ended.Run == _run)
        {
            ended.Run.Probe(FaultPoint.EngineComputeEnded);
            _failure ??= ended.Failure;
            Settle(StageKind.Prefetch);
        }
    }

    /// <summary>Stops one stage and waits for its answer.</summary>
    private void Settle(StageKind stage)
    {
        _settling = stage;
        _ring.Waits.Engine.Begin(stage switch
        {
            StageKind.Prefetch => "prefetch to end and its reads",
            StageKind.Eviction => "eviction to end",
            _ => "compute to end",
        });
        _stages[(int)stage].Tell(new StopStage(_run!));
    }

    private void OnStageStopped(StageStopped stopped)
    {
        if (stopped.Run != _run || stopped.Stage != _settling)
        {
            return;
        }

        stopped.Run.Probe(FaultPoint.EngineStageStopped);
        _failure ??= stopped.Failure is { } failure ? new EngineFaultException(stopped.Stage.ToString().ToLowerInvariant(), failure) : null;
        if (stopped.Stage == StageKind.Compute)
        {
            Finish();
        }
        else
        {
            Settle(stopped.Stage + 1);
        }
    }

    /// <summary>A stage died: its run is cancelled, and its successor answers the stop in its place.</summary>
    private void OnStageDied(StageDied dead)
    {
        if (!_stages[(int)dead.Stage].Equals(dead.Actor))
        {
            return;
        }

        Create(dead.Stage);
        if (_run is not { } run)
        {
            return;
        }

        run.Probe(FaultPoint.EngineStageDied);
        EngineFaultException fault = new(dead.Stage.ToString().ToLowerInvariant(), run.Loop(dead.Stage).Failure);
        _failure ??= fault;
        if (++_deaths > MostDeaths)
        {
            throw fault;
        }

        run.Cancel();
        if (dead.Stage == StageKind.Compute && !run.Loop(StageKind.Compute).IsStarted)
        {
            run.ComputeEnded.TrySetResult(_failure);
        }

        if (_settling == dead.Stage)
        {
            Settle(dead.Stage);
        }
    }

    private void OnRunFailed(RunFailed failed)
    {
        if (_run is { } run)
        {
            run.Probe(FaultPoint.EngineCompletionFailed);
            _failure ??= failed.Failure;
            run.Cancel();
        }
    }

    /// <summary>No loop runs and no read is in flight: what a failure lost of the slots is made good here.</summary>
    private void Finish()
    {
        RunContext run = _run!;
        run.Probe(FaultPoint.EngineFinish);
        int lost = _ring.ActiveSlots - _ring.Free.Reader.Count + (_experts.TransientSlots - _experts.Free.Reader.Count);
        if (lost != 0)
        {
            _failure ??= new EngineFaultException("eviction", new InvalidOperationException($"{lost} slots did not come back"));
            _ring.Restore();
            _experts.Restore();
        }

        Exception? failure = _failure;
        (_run, _failure, _settling, _ring.FaultHook, _experts.FaultHook) = (null, null, null, null, null);
        _ring.Waits.Engine.End();
        if (failure is null)
        {
            run.Outcome.TrySetResult();
        }
        else
        {
            run.Outcome.TrySetException(failure);
        }

        if (_waiting.TryDequeue(out RunContext? next))
        {
            Self.Tell(new SubmitRun(next));
        }
    }

    private void OnSetDepth(SetDepth set)
    {
        if (_run is null)
        {
            _ring.SetActiveSlots(set.Depth + 1);
        }

        Sender.Tell(new DepthSet(Math.Max(0, _ring.ActiveSlots - 1)));
    }

    private sealed record StageDied(StageKind Stage, IActorRef Actor);
}
