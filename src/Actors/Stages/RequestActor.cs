using Akka.Actor;
using LayerStream.Actors.Run;

namespace LayerStream.Actors.Stages;

/// <summary>One request: hands its run to the engine, turns a caller's cancel into the run's, and gives the outcome back.</summary>
internal sealed class RequestActor : ReceiveActor
{
    private readonly RunContext _run;
    private readonly IActorRef _engine;

    public RequestActor(RunContext run, IActorRef engine)
    {
        (_run, _engine) = (run, engine);
        Receive<RunEnded>(OnRunEnded);
    }

    protected override void PreStart() => _engine.Tell(new SubmitRun(_run));

    private void OnRunEnded(RunEnded ended)
    {
        if (ended.Failure is null)
        {
            _run.Outcome.TrySetResult();
        }
        else
        {
            _run.Outcome.TrySetException(ended.Failure);
        }

        Context.Stop(Self);
    }
}
