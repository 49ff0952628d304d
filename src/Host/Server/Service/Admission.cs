using LayerStream.Host.Server.Http;

namespace LayerStream.Host.Server.Service;

/// <summary>One running request and a bounded queue behind it; more are turned away at once.</summary>
internal sealed class Admission(int queueLimit)
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private int _admitted;
    private int _running;
    private volatile bool _isDraining;

    /// <summary>Requests admitted and not finished.</summary>
    public int Admitted => Volatile.Read(ref _admitted);

    /// <summary>Requests waiting for their turn.</summary>
    public int Waiting => Math.Max(0, Admitted - Volatile.Read(ref _running));

    /// <summary>Requests running, 0 or 1.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>Requests that may wait.</summary>
    public int QueueLimit => queueLimit;

    /// <summary>Whether new requests are refused because the daemon is ending.</summary>
    public bool IsDraining => _isDraining;

    /// <summary>From now on admits nobody; those admitted go on.</summary>
    public void Drain() => _isDraining = true;

    /// <summary>Takes a place. Dispose of it when the request has ended in every respect.</summary>
    /// <exception cref="ApiException">503 while draining, 429 when the queue is full.</exception>
    public Place Enter()
    {
        int admitted = Interlocked.Increment(ref _admitted);
        if (!_isDraining && admitted <= 1 + queueLimit)
        {
            return new Place(this);
        }

        Interlocked.Decrement(ref _admitted);
        throw _isDraining
            ? new ApiException(503, "unavailable_error", "the server is shutting down", "draining") { RetryAfterSeconds = 5 }
            : new ApiException(429, "rate_limit_error", $"{queueLimit} requests are waiting already; try again later",
            "queue_full")
            { RetryAfterSeconds = 2 };
    }

    /// <summary>A place in the queue.</summary>
    internal sealed class Place(Admission owner) : IDisposable
    {
        private bool _hasTurn;
        private bool _isDisposed;

        /// <summary>Waits until this request may run.</summary>
        public async Task WaitAsync(CancellationToken ct)
        {
            await owner._turn.WaitAsync(ct);
            _hasTurn = true;
            Interlocked.Increment(ref owner._running);
        }

        /// <inheritdoc/>
        public void Dispose()
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            if (_hasTurn)
            {
                Interlocked.Decrement(ref owner._running);
                owner._turn.Release();
            }

            Interlocked.Decrement(ref owner._admitted);
        }
    }
}
