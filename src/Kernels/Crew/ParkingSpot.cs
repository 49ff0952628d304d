namespace LayerStream.Kernels.Crew;

/// <summary>
/// Where one thread sleeps until another wakes it. The sleeper calls <see cref="Announce"/>, checks its condition once more,
/// then <see cref="Sleep"/> or <see cref="Withdraw"/>; the waker makes the condition true, passes a full fence, then calls
/// <see cref="Wake"/>. Announce is a full fence as well, so one of the two always sees the other. Wakes may be spurious.
/// </summary>
internal sealed class ParkingSpot : IDisposable
{
    private const int Awake = 0;
    private const int Parked = 1;

    private readonly AutoResetEvent _event = new(false);
    private int _state;

    public void Announce() => Interlocked.Exchange(ref _state, Parked);

    public void Withdraw()
    {
        if (Interlocked.CompareExchange(ref _state, Awake, Parked) != Parked)
        {
            _event.WaitOne(); // a waker was faster: its event is set or about to be; consume it
        }
    }

    public void Sleep() => _event.WaitOne();

    public bool Wake()
    {
        if (Volatile.Read(ref _state) != Parked || Interlocked.CompareExchange(ref _state, Awake, Parked) != Parked)
        {
            return false;
        }

        _event.Set();
        return true;
    }

    public void Dispose() => _event.Dispose();
}
