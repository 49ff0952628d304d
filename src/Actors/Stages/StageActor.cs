using Akka.Actor;
using LayerStream.Actors.Run;

namespace LayerStream.Actors.Stages;

/// <summary>
/// What the stages share: one loop per run, whose end is piped to the stage itself, so that its mailbox always answers.
/// A loop that fails throws in the actor; supervision stops it and the engine makes a new one.
/// </summary>
internal abstract class StageActor : ReceiveActor
{
    private readonly string _name;
    private CancellationTokenSource? _stop;
    private IActorRef? _stopAsker;
    private RunContext? _run;

    protected StageActor(string name)
    {
        _name = name;
        Receive<StartStage>(m => Start(m.Run));
        Receive<StopStage>(m => Stop(m.Run));
        Receive<LoopEnded>(OnLoopEnded);
    }

    /// <summary>The loop of one run; returns when the run needs it no more or <paramref name="stop"/> asks.</summary>
    protected abstract Task LoopAsync(RunContext run, CancellationToken stop);

    /// <summary>Settles what the loop left under way.</summary>
    protected virtual Task SettleAsync(RunContext run) => Task.CompletedTask;

    private void Start(RunContext run)
    {
        if (_run is not null)
        {
            throw new InvalidOperationException($"the {_name} stage got a second run");
        }

        _run = run;
        _stop = new CancellationTokenSource();
        CancellationToken stop = _stop.Token;
        Task loop = Task.Run(() => LoopAsync(run, stop), CancellationToken.None);
        run.AddLoop(loop);
        loop.PipeTo(Self, success: () => new LoopEnded(run, null), failure: e => new LoopEnded(run, e));
    }

    private void Stop(RunContext run)
    {
        if (_run is not null && _run != run)
        {
            // A late stop for a run that is over.
            return;
        }

        _stopAsker = Sender;
        _stop?.Cancel();
        if (_run is null)
        {
            SettleAndAnswer(run);
        }
    }

    private void OnLoopEnded(LoopEnded ended)
    {
        _run = null;
        if (ended.Failure is { } failure and not OperationCanceledException)
        {
            throw new EngineFaultException(_name, failure);
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
        SettleAsync(run).PipeTo(asker, success: () => new StageStopped(run, _name));
    }
}
