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
    private readonly TileRing _ring;
    private readonly ExpertRing _experts;
    private readonly Func<IActorRefFactory, string, IActorRef> _createStage;
    private readonly Dictionary<string, IActorRef> _stages = [];
    private readonly Queue<(RunContext Run, IActorRef Asker)> _waiting = new();
    private RunContext? _run;
    private IActorRef _asker = ActorRefs.Nobody;
    private Exception? _failure;
    private string? _settling;
    private long _generation;

    public EngineActor(TileRing ring, ExpertRing experts, Func<IActorRefFactory, string, IActorRef> createStage)
    {
        (_ring, _experts, _createStage) = (ring, experts, createStage);
        Receive<SubmitRun>(m => Submit(m.Run));
        Receive<RunEnded>(m => OnComputeEnded(m));
        Receive<StageStopped>(OnStageStopped);
        Receive<Terminated>(OnTerminated);
        Receive<SetDepth>(OnSetDepth);
    }

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    protected override void PreStart()
    {
        foreach (string stage in (string[])["prefetch", "compute", "eviction"])
        {
            Create(stage);
        }
    }

    private void Create(string stage)
    {
        IActorRef actor = _createStage(Context, $"{stage}-{_generation++}");
        _stages[stage] = actor;
        Context.WatchWith(actor, new Terminated(stage, actor));
    }

    private void Submit(RunContext run)
    {
        if (_run is not null)
        {
            _waiting.Enqueue((run, Sender));
            return;
        }

        (_run, _asker, _failure) = (run, Sender, null);
        run.ComputeEnded.Task.PipeTo(Self, success: failure => new RunEnded(run, failure));
        foreach (IActorRef stage in _stages.Values)
        {
            stage.Tell(new StartStage(run));
        }
    }

    private void OnComputeEnded(RunEnded ended)
    {
        if (ended.Run == _run)
        {
            _failure ??= ended.Failure;
            Settle("prefetch");
        }
    }

    /// <summary>Stops one stage and waits for its answer; the order is prefetch, eviction, compute.</summary>
    private void Settle(string stage)
    {
        _settling = stage;
        _stages[stage].Tell(new StopStage(_run!));
    }

    private void OnStageStopped(StageStopped stopped)
    {
        if (stopped.Run != _run || stopped.Stage != _settling)
        {
            return;
        }

        switch (stopped.Stage)
        {
            case "prefetch":
                Settle("eviction");
                break;
            case "eviction":
                Settle("compute");
                break;
            default:
                Finish();
                break;
        }
    }

    /// <summary>A stage died: its run is cancelled, and its successor, which has no loop to end, answers the stop in its place.</summary>
    private void OnTerminated(Terminated dead)
    {
        if (_stages[dead.Stage] != dead.Actor)
        {
            return;
        }

        Create(dead.Stage);
        if (_run is not { } run)
        {
            return;
        }

        _failure ??= new EngineFaultException(dead.Stage, run.LoopFailure);
        run.Cancel();
        if (dead.Stage == "compute" && !run.IsComputeStarted)
        {
            run.ComputeEnded.TrySetResult(_failure);
        }

        if (_settling == dead.Stage)
        {
            Settle(dead.Stage);
        }
    }

    private void Finish()
    {
        RunContext run = _run!;
        int lost = _ring.ActiveSlots - _ring.Free.Reader.Count + (_experts.TransientSlots - _experts.Free.Reader.Count);
        if (lost != 0)
        {
            _failure = new EngineFaultException("eviction", new InvalidOperationException($"{lost} slots did not come back"));
        }

        _asker.Tell(new RunEnded(run, _failure));
        (_run, _failure, _settling) = (null, null, null);
        if (_waiting.TryDequeue(out (RunContext Run, IActorRef Asker) next))
        {
            Self.Tell(new SubmitRun(next.Run), next.Asker);
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

    private sealed record Terminated(string Stage, IActorRef Actor);
}
