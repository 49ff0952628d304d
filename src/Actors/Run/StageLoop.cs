namespace LayerStream.Actors.Run;

/// <summary>One stage's loop in one run. It belongs to the run, so that its end can be awaited when the actor that started it is
/// gone.</summary>
internal sealed class StageLoop
{
    private readonly CancellationTokenSource _stop = new();
    private volatile Task? _loop;

    internal bool IsStarted => _loop is not null;

    internal bool IsRunning => _loop is { IsCompleted: false };

    /// <summary>What it failed with, or null.</summary>
    internal Exception? Failure => _loop is { IsFaulted: true } loop ? loop.Exception?.GetBaseException() : null;

    /// <summary>Starts it on the thread pool; once.</summary>
    internal Task Start(Func<CancellationToken, Task> loop)
    {
        if (_loop is not null)
        {
            throw new InvalidOperationException("a stage got a second run");
        }

        CancellationToken stop = _stop.Token;
        return _loop = Task.Run(() => loop(stop), CancellationToken.None);
    }

    internal void Stop() => _stop.Cancel();

    /// <summary>Completes when it has ended, in whatever way; at once when it never began.</summary>
    internal Task EndedAsync() => _loop is { } loop
        ? loop.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default)
        : Task.CompletedTask;
}
