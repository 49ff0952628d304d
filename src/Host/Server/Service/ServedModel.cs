using LayerStream.Host.Server.Http;
using LayerStream.Planning;
using LayerStream.Session;
using LayerStream.Session.Outlook;

namespace LayerStream.Host.Server.Service;

/// <summary>
/// A loaded model with what belongs to it. Whoever uses it holds it: it is not disposed of before the last hold has ended, and gives no
/// more holds once it is closed.
/// </summary>
internal sealed class ServedModel : IDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _closed = new();
    private readonly CancellationTokenSource _hurry = new();
    private readonly CancellationTokenSource _broken = new();
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _users;
    private int _watchers;
    private bool _isClosed;
    private DateTime _lastUsed = DateTime.UtcNow;

    /// <summary>Takes over a loaded model.</summary>
    /// <param name="id">Its name in the API.</param>
    /// <param name="model">The model.</param>
    public ServedModel(string id, LoadedModel model)
    {
        (Id, Model) = (id, model);
        Memory = new RequestMemory(model.Engine.CurrentPlan.Sheet.Account(AccountNames.Requests));
        Traces = new TraceExports(model.Engine.CurrentPlan.Sheet.Account(AccountNames.TraceExport));
        Speed = new SpeedTracker(model.Engine.CurrentPlan, model.Options, model.Model.Files, model.DeviceBytesPerSecond);
        Speed.StartTuning(model.Engine);
        (Closed, Hurry, Broken) = (_closed.Token, _hurry.Token, _broken.Token);
    }

    /// <summary>Its name in the API.</summary>
    public string Id { get; }

    /// <summary>The model.</summary>
    public LoadedModel Model { get; }

    /// <summary>What requests may hold.</summary>
    public RequestMemory Memory { get; }

    /// <summary>Traces on their way out.</summary>
    public TraceExports Traces { get; }

    /// <summary>Predictions of speed.</summary>
    public SpeedTracker Speed { get; }

    /// <summary>Cancelled when it takes no more requests: whoever only watches leaves.</summary>
    public CancellationToken Closed { get; }

    /// <summary>Cancelled when its time is over: running answers end with what they have.</summary>
    public CancellationToken Hurry { get; }

    /// <summary>Cancelled when clients do not even take that: their connections are broken.</summary>
    public CancellationToken Broken { get; }

    /// <summary>Since when no request uses it; null while one does.</summary>
    public DateTime? IdleSince
    {
        get
        {
            lock (_lock)
            {
                return _users > 0 ? null : _lastUsed;
            }
        }
    }

    /// <summary>Holds it for a request; null when it is closed.</summary>
    public ModelHold? TryHold()
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                return null;
            }

            _users++;
            return new ModelHold(this, isUser: true);
        }
    }

    /// <summary>Holds it for a look that is no use of it, as long as it is there at all; null when it is not.</summary>
    public ModelHold? TryWatch()
    {
        lock (_lock)
        {
            if (_left.Task.IsCompleted)
            {
                return null;
            }

            _watchers++;
            return new ModelHold(this, isUser: false);
        }
    }

    /// <summary>From now on gives no holds.</summary>
    /// <returns>Completes when the last has ended.</returns>
    public Task Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            CheckLeft();
        }

        _closed.Cancel();
        return _left.Task;
    }

    /// <summary>The same if no request uses it; else null, and nothing has changed.</summary>
    public Task? CloseIdle()
    {
        lock (_lock)
        {
            if (_users > 0)
            {
                return null;
            }

            _isClosed = true;
        }

        return Close();
    }

    /// <summary>Ends running answers with what they have.</summary>
    public void EndRunning() => _hurry.Cancel();

    /// <summary>Breaks the connections that are left.</summary>
    public void Break() => _broken.Cancel();

    /// <inheritdoc/>
    public void Dispose()
    {
        _closed.Dispose();
        _hurry.Dispose();
        _broken.Dispose();
    }

    internal void Leave(bool isUser)
    {
        lock (_lock)
        {
            _users -= isUser ? 1 : 0;
            _watchers -= isUser ? 0 : 1;
            _lastUsed = isUser ? DateTime.UtcNow : _lastUsed;
            CheckLeft();
        }
    }

    private void CheckLeft()
    {
        if (_isClosed && _users == 0 && _watchers == 0)
        {
            _left.TrySetResult();
        }
    }
}
