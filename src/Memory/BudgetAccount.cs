namespace LayerStream.Memory;

/// <summary>
/// One line of the budget: bytes that may be taken for a purpose, native or managed, and how many are. Every taking is refused that would
/// exceed the line, in release builds too. Safe for use by any thread.
/// </summary>
public sealed class BudgetAccount
{
    private long _used;
    private long _peak;

    /// <summary>An account of its own, for work that no sheet plans: a probe of <c>doctor</c>, a scan of <c>verify</c>.</summary>
    /// <param name="name">As people read it.</param>
    /// <param name="limitBytes">The most it may hold.</param>
    public BudgetAccount(string name, long limitBytes)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfNegative(limitBytes);
        (Name, LimitBytes) = (name, limitBytes);
    }

    /// <summary>Name, as people read it.</summary>
    public string Name { get; }

    /// <summary>The most bytes it may hold.</summary>
    public long LimitBytes { get; internal set; }

    /// <summary>Bytes taken now.</summary>
    public long UsedBytes => Volatile.Read(ref _used);

    /// <summary>The most that was taken at one time.</summary>
    public long PeakBytes => Volatile.Read(ref _peak);

    /// <summary>Bytes that are left.</summary>
    public long FreeBytes => LimitBytes - UsedBytes;

    /// <summary>Name and limit, for tables.</summary>
    public void Deconstruct(out string name, out long limitBytes) => (name, limitBytes) = (Name, LimitBytes);

    /// <summary>Zeroed, page-aligned native memory of this account, which gets it back when the buffer is disposed of.</summary>
    /// <param name="bytes">Length in bytes; zero gives a valid address of length zero.</param>
    /// <param name="hugePages">Whether to ask for huge pages: for memory that is filled anyway, since touching a byte then charges 2
    /// MiB.</param>
    /// <exception cref="AccountOverdrawnException">The account has less left.</exception>
    /// <exception cref="OutOfMemoryException">The system refused; names account and size.</exception>
    public AlignedBuffer Allocate(long bytes, bool hugePages = false) => AlignedBuffer.Allocate(hugePages, (this, bytes));

    /// <summary>Takes bytes.</summary>
    /// <exception cref="AccountOverdrawnException">The account has less left.</exception>
    public Reservation Reserve(long bytes) => TryReserve(bytes) ?? throw new AccountOverdrawnException(this, bytes);

    /// <summary>Takes bytes if they are left; else null, and nothing is taken.</summary>
    public Reservation? TryReserve(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        return TryTake(bytes) ? new Reservation(this, bytes) : null;
    }

    internal bool TryTake(long bytes)
    {
        long used = Volatile.Read(ref _used);
        while (true)
        {
            if (bytes > LimitBytes - used)
            {
                return false;
            }

            long seen = Interlocked.CompareExchange(ref _used, used + bytes, used);
            if (seen == used)
            {
                break;
            }

            used = seen;
        }

        for (long now = used + bytes, peak = PeakBytes; now > peak;)
        {
            long seen = Interlocked.CompareExchange(ref _peak, now, peak);
            peak = seen == peak ? now : seen;
        }

        return true;
    }

    internal void Return(long bytes) => Interlocked.Add(ref _used, -bytes);
}
