using System.Diagnostics;

namespace LayerStream.Kernels.Crew;

/// <summary>
/// Auto-reset event for one waiting thread: any thread signals, the waiter spins for a few microseconds and then parks.
/// Signals that arrive while nobody waits are merged into one.
/// </summary>
public sealed class Gate : IDisposable
{
    private const int SpinMicros = 30;
    private static readonly long s_spinTicks = Stopwatch.Frequency * SpinMicros / 1_000_000;

    private readonly ParkingSpot _spot = new();
    private int _signalled;

    /// <summary>Opens the gate for one <see cref="Wait"/>, now or later.</summary>
    public void Signal()
    {
        if (Interlocked.Exchange(ref _signalled, 1) == 0)
        {
            _spot.Wake();
        }
    }

    /// <summary>Returns once the gate was signalled and closes it again. Only one thread may wait at a time.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; a pending signal is kept.</exception>
    public void Wait(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        if (TryPass())
        {
            return;
        }

        long deadline = Stopwatch.GetTimestamp() + s_spinTicks;
        do
        {
            Thread.SpinWait(8);
            if (TryPass())
            {
                return;
            }
        }
        while (Stopwatch.GetTimestamp() < deadline);
        ParkUntilSignalled(ct);
    }

    /// <summary>Frees the event; no thread may wait or signal any more.</summary>
    public void Dispose() => _spot.Dispose();

    private bool TryPass() => Volatile.Read(ref _signalled) != 0 && Interlocked.Exchange(ref _signalled, 0) != 0;

    private void ParkUntilSignalled(CancellationToken ct)
    {
        using CancellationTokenRegistration registration = ct.UnsafeRegister(static gate => ((Gate)gate!).Nudge(), this);
        while (true)
        {
            _spot.Announce();
            if (Volatile.Read(ref _signalled) != 0 || ct.IsCancellationRequested)
            {
                _spot.Withdraw();
            }
            else
            {
                _spot.Sleep();
            }

            ct.ThrowIfCancellationRequested();
            if (TryPass())
            {
                return;
            }
        }
    }

    private void Nudge()
    {
        Interlocked.MemoryBarrier();
        _spot.Wake();
    }
}
