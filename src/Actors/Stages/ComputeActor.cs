using LayerStream.Actors.Run;

namespace LayerStream.Actors.Stages;

/// <summary>Runs passes on a plain thread, which is member 0 of the crew and waits with the crew's own spin-then-park.</summary>
internal sealed class ComputeActor(ComputeSession session) : StageActor("compute")
{
    private const int StackBytes = 1 << 20;

    protected override Task LoopAsync(RunContext run, CancellationToken stop)
    {
        run.IsComputeStarted = true;
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Thread thread = new(() => Execute(run, ended), StackBytes) { IsBackground = true, Name = "layerstream-compute" };
        thread.Start();
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
                run.Probe("compute");
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
