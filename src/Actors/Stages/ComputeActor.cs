using LayerStream.Actors.Run;

namespace LayerStream.Actors.Stages;

/// <summary>Runs passes on a plain thread, which is member 0 of the crew and waits with the crew's own spin-then-park.</summary>
internal sealed class ComputeActor(ComputeSession session) : StageActor(StageKind.Compute)
{
    private const int StackBytes = 1 << 20;

    protected override Task LoopAsync(RunContext run, CancellationToken stop)
    {
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            run.Probe(FaultPoint.ComputeThread);
            new Thread(() => Execute(run, ended), StackBytes) { IsBackground = true, Name = "layerstream-compute" }.Start();
        }
        catch (Exception e)
        {
            // The system refused a thread: nobody else will say that compute has ended.
            run.ComputeEnded.TrySetResult(new EngineFaultException("compute", e));
            throw;
        }

        return ended.Task;
    }

    /// <summary>The session ends before anyone hears of it: a slot it still held is then on its way to eviction.</summary>
    private void Execute(RunContext run, TaskCompletionSource ended)
    {
        Exception? failure = null;
        try
        {
            try
            {
                run.Probe(FaultPoint.ComputeLoop);
                session.Begin(run);
                run.Body(session);
            }
            finally
            {
                session.End();
            }
        }
        catch (Exception e)
        {
            failure = e;
        }

        run.ComputeEnded.TrySetResult(failure);
        if (failure is EngineFaultException)
        {
            ended.SetException(failure);
        }
        else
        {
            // What a pass throws belongs to its request: a failed read, a cancelled caller, a faulty sampler.
            ended.SetResult();
        }
    }
}
