using System.Threading.Channels;
using LayerStream.Actors.Ring;

namespace LayerStream.Actors.Run;

/// <summary>One run: what the stages share about it, and their loops.</summary>
internal sealed class RunContext(Action<ComputeSession> body, CancellationToken caller) : IDisposable
{
    private readonly CancellationTokenSource _cancel = CancellationTokenSource.CreateLinkedTokenSource(caller);
    private readonly StageLoop[] _loops = [new(), new(), new()];

    /// <summary>What the compute thread does.</summary>
    internal Action<ComputeSession> Body { get; } = body;

    /// <summary>Passes that are to come.</summary>
    internal Channel<PassOrder> Passes { get; } = Channel.CreateUnbounded<PassOrder>();

    /// <summary>Set when the compute thread is done, or could not begin, with the exception that ended it.</summary>
    internal TaskCompletionSource<Exception?> ComputeEnded { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Set when the ring is whole again, or never will be.</summary>
    internal TaskCompletionSource Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal CancellationToken Cancelled => _cancel.Token;

    internal long WastedBytes { get; set; }

    /// <summary>Test hook: called at the points of <see cref="Run.FaultPoint"/>.</summary>
    internal Action<string>? FaultHook { get; init; }

    /// <summary>The loop of a stage.</summary>
    internal StageLoop Loop(StageKind stage) => _loops[(int)stage];

    /// <summary>Asks everyone who works for the run to end.</summary>
    internal void Cancel()
    {
        try
        {
            _cancel.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has just ended.
        }
    }

    /// <summary>Cancels the run and stops its loops; completes when all of them have ended.</summary>
    internal Task EndLoopsAsync()
    {
        Cancel();
        foreach (StageLoop loop in _loops)
        {
            loop.Stop();
        }

        return Task.WhenAll(_loops.Select(l => l.EndedAsync()));
    }

    internal void Probe(string point) => FaultHook?.Invoke(point);

    public void Dispose() => _cancel.Dispose();
}
