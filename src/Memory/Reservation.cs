namespace LayerStream.Memory;

/// <summary>Bytes of an account that somebody holds, until it is disposed of.</summary>
public sealed class Reservation : IDisposable
{
    private readonly BudgetAccount _account;
    private long _bytes;

    internal Reservation(BudgetAccount account, long bytes) => (_account, _bytes) = (account, bytes);

    /// <summary>Bytes held.</summary>
    public long Bytes => Math.Max(0, Volatile.Read(ref _bytes));

    /// <summary>Takes more, for example while a body arrives; false, and nothing is taken, when the account has less left or this was given
    /// back.</summary>
    public bool TryGrow(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        if (!_account.TryTake(bytes))
        {
            return false;
        }

        for (long held = Volatile.Read(ref _bytes); held >= 0;)
        {
            long seen = Interlocked.CompareExchange(ref _bytes, held + bytes, held);
            if (seen == held)
            {
                return true;
            }

            held = seen;
        }

        _account.Return(bytes); // given back meanwhile
        return false;
    }

    /// <summary>Gives back what is not needed any more.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More than is held.</exception>
    public void ShrinkTo(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        long held = Volatile.Read(ref _bytes);
        if (held < 0)
        {
            return;
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, held);
        if (Interlocked.CompareExchange(ref _bytes, bytes, held) == held)
        {
            _account.Return(held - bytes);
        }
    }

    /// <summary>Gives all of it back; a second call does nothing.</summary>
    public void Dispose()
    {
        long held = Interlocked.Exchange(ref _bytes, -1);
        if (held > 0)
        {
            _account.Return(held);
        }
    }
}
