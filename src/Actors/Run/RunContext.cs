using System.Threading.Channels;
using LayerStream.Actors.Ring;

namespace LayerStream.Actors.Run;

/// <summary>One run: what the stages share about it.</summary>
internal sealed class RunContext(Action<ComputeSession> body, CancellationToken caller) : IDisposable
{
    private readonly CancellationTokenSource _cancel = CancellationTokenSource.CreateLinkedTokenSource(caller);
    private readonly List<Task> _loops = [];

    /// <summary>What the compute thread does.</summary>
    internal Action<ComputeSession> Body { get; } = body;

    /// <summary>Passes that are to come.</summary>
    internal Channel<PassOrder> Passes { get; } = Channel.CreateUnbounded<PassOrder>();

    /// <summary>Set when the compute thread is done, with the exception that ended it.</summary>
    internal TaskCompletionSource<Exception?> ComputeEnded { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Set when the ring is whole again.</summary>
    internal TaskCompletionSource Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal CancellationToken Cancelled => _cancel.Token;

    /// <summary>Whether a compute thread serves the run and will set <see cref="ComputeEnded"/>.</summary>
    internal volatile bool IsComputeStarted;

    internal long WastedBytes { get; set; }

    /// <summary>Test hook: called by each stage at its named point.</summary>
    internal Action<string>? FaultPoint { get; init; }

    /// <summary>The first failure of a loop, or null.</summary>
    internal Exception? LoopFailure
    {
        get
        {
            lock (_loops)
            {
                return _loops.FirstOrDefault(l => l.IsFaulted)?.Exception?.GetBaseException();
            }
        }
    }

    internal void Cancel() => _cancel.Cancel();

    internal void Probe(string stage) => FaultPoint?.Invoke(stage);

    internal void AddLoop(Task loop)
    {
        lock (_loops)
        {
            _loops.Add(loop);
        }
    }

    public void Dispose() => _cancel.Dispose();
}
