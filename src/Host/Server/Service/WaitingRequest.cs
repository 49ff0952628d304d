using System.Diagnostics;
using LayerStream.Session.Catalogue;

namespace LayerStream.Host.Server.Service;

/// <summary>A request that waits until its model is loaded.</summary>
internal sealed class WaitingRequest(ServableModel target)
{
    private readonly TaskCompletionSource<ModelHold> _hold = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The model it names.</summary>
    public ServableModel Target => target;

    /// <summary>When it came.</summary>
    public long Since { get; } = Stopwatch.GetTimestamp();

    /// <summary>The hold; fails when the model cannot be loaded, is cancelled when the client leaves.</summary>
    public Task<ModelHold> Hold => _hold.Task;

    /// <summary>Gives it the model, unless it has left.</summary>
    public void Grant(ModelHold hold)
    {
        if (!_hold.TrySetResult(hold))
        {
            hold.Dispose();
        }
    }

    /// <summary>Refuses it.</summary>
    public void Refuse(Exception reason)
    {
        _hold.TrySetException(reason);
        _ = _hold.Task.Exception; // nobody may be waiting
    }

    /// <summary>The client has left.</summary>
    public void Leave(CancellationToken ct) => _hold.TrySetCanceled(ct);
}
