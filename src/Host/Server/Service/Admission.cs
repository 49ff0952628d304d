using LayerStream.Host.Server.Http;

namespace LayerStream.Host.Server.Service;

/// <summary>
/// As many running requests as the engine has states for, and a bounded queue behind them; more are turned away at once. The turn always
/// belongs to a <see cref="Place"/>:
/// it is given under the lock to one that is still in the queue, and passes on when that place ends, whoever waits for it or not.
/// Background requests have the turns that nobody else takes, all but one while others come, and give one up when it is wanted.
/// </summary>
internal sealed partial class Admission(int queueLimit, TimeProvider? time = null) : IDisposable
{
    /// <summary>How long after the last request one turn is kept free for the next.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);

    private const int LongestRetrySeconds = 600;
    private const double Smoothing = 0.3; // weight of the newest run in the mean

    private readonly Lock _lock = new();
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly LinkedList<Place> _queue = [];
    private readonly LinkedList<Place> _background = []; // those that wait for what is left
    private readonly HashSet<Place> _running = [];
    private readonly CancellationTokenSource _hurry = new();
    private int _turns = 1;
    private int _sending;
    private int _guests; // background requests among those that run
    private long? _lastCame; // when a request came that is not in the background
    private bool _isDraining;
    private double _meanSeconds;

    /// <summary>Requests that wait, run or are still being sent.</summary>
    public int Admitted
    {
        get
        {
            lock (_lock)
            {
                return _queue.Count + _running.Count + _sending;
            }
        }
    }

    /// <summary>Requests waiting for their turn.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _queue.Count;
            }
        }
    }

    /// <summary>Requests running.</summary>
    public int Running
    {
        get
        {
            lock (_lock)
            {
                return _running.Count;
            }
        }
    }

    /// <summary>Requests that may run at the same time; each model that is loaded sets it.</summary>
    public int Turns
    {
        get => Volatile.Read(ref _turns);
        set => Volatile.Write(ref _turns, value);
    }

    /// <summary>Requests that may wait.</summary>
    public int QueueLimit => queueLimit;

    /// <summary>Whether new requests are refused because the daemon is ending.</summary>
    public bool IsDraining => Volatile.Read(ref _isDraining);

    /// <summary>Cancelled when the time for draining is over: a running answer ends with what it has.</summary>
    public CancellationToken Hurry => _hurry.Token;

    /// <summary>What a client is told that comes while the daemon ends.</summary>
    public static ApiException Draining => new(503, "unavailable_error", "the server is shutting "
        + "down", "draining")
    { RetryAfterSeconds = 5 };

    /// <summary>What the running requests are doing.</summary>
    public IReadOnlyList<SlotFigures> Slots()
    {
        lock (_lock)
        {
            return [.. _running.Select(p => p.Figures)];
        }
    }

    /// <summary>From now on admits nobody and refuses those in the queue; the running request goes on.</summary>
    public void Drain()
    {
        lock (_lock)
        {
            Volatile.Write(ref _isDraining, true);
            foreach (Place place in _queue.Concat(_background))
            {
                place.Refuse(Draining);
            }

            _queue.Clear();
            _background.Clear();
            PreemptAll();
        }
    }

    /// <summary>Ends the running answer with what it has.</summary>
    public void EndRunning() => _hurry.Cancel();

    /// <summary>Has the background give way, as if others wanted its turns.</summary>
    public void PreemptAll()
    {
        lock (_lock)
        {
            foreach (Place guest in _running.Where(p => p.IsBackground))
            {
                guest.Preempt();
            }
        }
    }

    /// <summary>Refuses those in the queue; the running requests go on, and later ones are admitted.</summary>
    public void RefuseWaiting(ApiException reason)
    {
        lock (_lock)
        {
            foreach (Place place in _queue)
            {
                place.Refuse(reason);
            }

            _queue.Clear();
        }
    }

    /// <summary>Takes a place. Dispose of it when the request has ended in every respect.</summary>
    /// <param name="key">The key it came with; null = none is asked for.</param>
    /// <param name="path">What was asked.</param>
    /// <param name="hasWaited">Whether it has waited for its model already: then it is not turned away again.</param>
    /// <exception cref="ApiException">503 while draining, 429 when the queue is full or the key has its share.</exception>
    public Place Enter(ApiKeys.Key? key = null, string path = "", bool hasWaited = false)
    {
        lock (_lock)
        {
            if (_isDraining)
            {
                throw Draining;
            }

            _lastCame = _time.GetTimestamp();
            if (!hasWaited && _running.Count - _guests >= Turns && _queue.Count >= queueLimit)
            {
                throw new ApiException(429, "rate_limit_error", $"{queueLimit} requests are waiting already; try again later",
                    "queue_full")
                { RetryAfterSeconds = RetrySeconds() };
            }

            if (key is { Share: < 1 } && _queue.Concat(_running).Count(p => p.Holder == key.Holder) >= PlacesOf(key))
            {
                throw new ApiException(429, "rate_limit_error",
                    $"{PlacesOf(key)} requests with this key are served already; try again later", "key_share_used")
                { RetryAfterSeconds = RetrySeconds() };
            }

            Place place = new(this, key?.Holder, path);
            if (_running.Count - _guests < Turns)
            {
                Grant(place);
                PreemptGuests();
            }
            else
            {
                _queue.AddLast(place);
            }

            return place;
        }
    }

    /// <summary>Takes a place of the background, which may wait for long.</summary>
    /// <exception cref="ApiException">503 while draining.</exception>
    public Place EnterBackground()
    {
        lock (_lock)
        {
            Place place = _isDraining ? throw Draining : new(this, null, "/v1/batches", isBackground: true);
            _background.AddLast(place);
            SeatGuests();
            return place;
        }
    }

    /// <summary>Gives the background what time has left free.</summary>
    public void Refresh()
    {
        lock (_lock)
        {
            SeatGuests();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _hurry.Dispose();

    private void Grant(Place place)
    {
        _running.Add(place);
        _guests += place.IsBackground ? 1 : 0;
        place.Grant();
    }

    private void SeatGuests()
    {
        bool mayCome = _running.Count > _guests || (_lastCame is { } last && _time.GetElapsedTime(last) < Quiet);
        int most = mayCome ? Math.Max(1, Turns - 1) : Turns;
        while (_background.First is { } next && _queue.Count == 0 && _running.Count < Turns && _guests < most)
        {
            _background.RemoveFirst();
            Grant(next.Value);
        }
    }

    // The youngest have the least to lose.
    private void PreemptGuests()
    {
        int leaving = _running.Count(p => p.IsPreempted);
        foreach (Place guest in _running.Where(p => p is { IsBackground: true, IsPreempted: false }).OrderBy(p => p.RunningSeconds)
            .Take(Math.Max(0, _running.Count - leaving - Turns)).ToArray())
        {
            guest.Preempt();
        }
    }

    private int PlacesOf(ApiKeys.Key key) => Math.Max(1, (int)(key.Share * (Turns + queueLimit)));

    // What one waits until the first of those that run has come and gone: by the mean of past runs, or, while there is none or a run takes
    // longer, by half of what it has taken already.
    private int RetrySeconds()
    {
        double soonest = double.PositiveInfinity;
        foreach (Place place in _running.Where(p => !p.IsBackground))
        {
            double ran = place.RunningSeconds;
            soonest = Math.Min(soonest, Math.Max(_meanSeconds - ran, ran / 2));
        }

        return Math.Clamp((int)Math.Ceiling(Math.Min(soonest, LongestRetrySeconds)), 1, LongestRetrySeconds);
    }

    private void PassTurn(Place place)
    {
        if (!_running.Remove(place))
        {
            return;
        }

        if (place.IsBackground)
        {
            _guests--;
        }
        else
        {
            double seconds = place.RunningSeconds;
            _meanSeconds = _meanSeconds == 0 ? seconds : (Smoothing * seconds) + ((1 - Smoothing) * _meanSeconds);
        }

        if (_queue.First is { } next && _running.Count - _guests < Turns)
        {
            _queue.RemoveFirst();
            Grant(next.Value);
            PreemptGuests();
        }

        SeatGuests();
    }
}
