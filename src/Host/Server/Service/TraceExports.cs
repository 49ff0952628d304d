using LayerStream.Actors.Tracing;
using LayerStream.Host.Server.Http;
using LayerStream.Memory;
using LayerStream.Session;

namespace LayerStream.Host.Server.Service;

/// <summary>Copies of the events that are being sent. Readers that come while a copy is young, or while there is no memory for another,
/// share it.</summary>
internal sealed class TraceExports(BudgetAccount account)
{
    private const long BytesPerEvent = 64; // the event, its place in three orders, its share of the names
    private static readonly TimeSpan s_youth = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_oldest = TimeSpan.FromMinutes(1); // to be shared

    private readonly Lock _lock = new();
    private Copy? _newest;

    /// <summary>A copy to read; dispose of the share when done.</summary>
    /// <exception cref="ApiException">429: there is no copy to share and no memory for one.</exception>
    public Share Open(LoadedModel model)
    {
        lock (_lock)
        {
            if (_newest is { Readers: > 0 } young && DateTime.UtcNow - young.Made < s_youth)
            {
                return new Share(this, young);
            }

            Reservation? held = account.TryReserve(Math.Min(model.Engine.Trace.Capacity * BytesPerEvent, account.LimitBytes));
            if (held is not null)
            {
                _newest = new Copy(model.Engine.CaptureTrace(model.DeviceBytesPerSecond), held);
            }
            else if (_newest is not { Readers: > 0 } || DateTime.UtcNow - _newest.Made > s_oldest)
            {
                throw new ApiException(429, "rate_limit_error",
                    "other traces are being sent, and there is no memory for one more; try again later",
                        "trace_memory_full")
                { RetryAfterSeconds = 5 };
            }

            return new Share(this, _newest!);
        }
    }

    /// <summary>A reader's share of a copy.</summary>
    internal sealed class Share : IDisposable
    {
        private readonly TraceExports _owner;
        private Copy? _copy;

        internal Share(TraceExports owner, Copy copy)
        {
            (_owner, _copy) = (owner, copy);
            copy.Readers++;
        }

        /// <summary>The events.</summary>
        public TraceFile Trace => _copy!.Trace;

        /// <inheritdoc/>
        public void Dispose()
        {
            lock (_owner._lock)
            {
                if (_copy is { } copy && --copy.Readers == 0)
                {
                    copy.Held.Dispose();
                    _owner._newest = _owner._newest == copy ? null : _owner._newest;
                }

                _copy = null;
            }
        }
    }

    internal sealed class Copy(TraceFile trace, Reservation held)
    {
        public TraceFile Trace => trace;

        public Reservation Held => held;

        public DateTime Made { get; } = DateTime.UtcNow;

        public int Readers { get; set; }
    }
}
