using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using LayerStream.Kernels.Ops;

namespace LayerStream.Kernels.Crew;

/// <summary>
/// The fixed threads that compute: the caller of <see cref="Run"/> is member 0, the others are background threads that spin for
/// some microseconds after a run and then park. Ranges are claimed one grain at a time from one atomic word, so a member that is
/// still asleep delays nobody. A run allocates nothing. Between runs the crew can be made smaller, where others use the cores: the members
/// left out stay parked.
/// </summary>
/// <remarks>
/// The claim word holds (epoch, next index). A claim is a compare-exchange on the whole word, hence it only succeeds within the
/// epoch the claimer read its job from; the word is closed before the next job is written.
/// </remarks>
public sealed class ComputeCrew : IDisposable
{
    private const int SpinMicros = 40;
    private const int StackBytes = 512 * 1024; // stacks count against the memory budget
    private const uint ClosedIndex = uint.MaxValue;
    private const int ShortSpinMicros = 4;
    private static readonly long s_spinTicks = Stopwatch.Frequency * SpinMicros / 1_000_000;
    private static readonly long s_shortTicks = Stopwatch.Frequency * ShortSpinMicros / 1_000_000;

    private readonly Thread[] _workers;
    private readonly ParkingSpot[] _spots; // one per worker; index = member - 1
    private readonly ParkingSpot _callerSpot = new();
    private SharedWords _shared;
    private CrewJob? _job;
    private Exception? _failure;
    private int _count;
    private int _grain;
    private uint _epoch; // of the caller; the published one is in the claim word
    private int _members;
    private long _spinTicks = s_spinTicks;
    private int _running;
    private bool _stop;

    /// <summary>Starts <paramref name="threads"/> − 1 background threads.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than one thread.</exception>
    public ComputeCrew(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        (Threads, _members) = (threads, threads);
        _shared.Claim = Pack(0, ClosedIndex);
        _workers = new Thread[threads - 1];
        _spots = new ParkingSpot[threads - 1];
        for (int i = 0; i < _workers.Length; i++)
        {
            int member = i + 1;
            _spots[i] = new ParkingSpot();
            _workers[i] = new Thread(() => WorkerLoop(member), StackBytes) { IsBackground = true, Name = $"crew-{member}" };
        }

        foreach (Thread worker in _workers)
        {
            worker.Start();
        }
    }

    /// <summary>Members including the caller.</summary>
    public int Threads { get; }

    /// <summary>Of them, those that take part in runs, the caller included: all, until somebody sets fewer between two runs. What is
    /// computed does not depend on it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">None, or more than there are.</exception>
    public int Members
    {
        get => _members;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, Threads);
            Volatile.Write(ref _members, value);
        }
    }

    /// <summary>Whether members spin for long before they park. Where others want the cores, a spinning member may take time from one that
    /// has work.</summary>
    public bool Spins
    {
        get => Volatile.Read(ref _spinTicks) > s_shortTicks;
        set => Volatile.Write(ref _spinTicks, value ? s_spinTicks : s_shortTicks);
    }

    /// <summary>Stopwatch ticks since the start that callers were held up at the end of a run: waits for a member that took longer than a
    /// spin, as one does that has lost its core.</summary>
    public long HeldUpTicks { get; private set; }

    /// <summary>
    /// Executes the job over [0, <paramref name="count"/>) in ranges of at most <paramref name="grain"/> indices and returns when
    /// all are done. A job of one range, or a crew of one, runs on the caller.
    /// </summary>
    /// <exception cref="InvalidOperationException">A run is in progress already (nested, or from another thread).</exception>
    /// <exception cref="ObjectDisposedException">The crew was disposed.</exception>
    /// <exception cref="FloatEnvironmentException">The caller or a member has a floating-point mode in which results would
    /// differ.</exception>
    /// <remarks>The first exception of the job is rethrown here; ranges not yet begun are then skipped.</remarks>
    public void Run(CrewJob job, int count, int grain)
    {
        ArgumentNullException.ThrowIfNull(job);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfLessThan(grain, 1);
        ObjectDisposedException.ThrowIf(_stop, this);
        FloatEnvironment.Require();
        if (Interlocked.Exchange(ref _running, 1) != 0)
        {
            throw new InvalidOperationException("The crew is running a job already; one caller at a time.");
        }

        try
        {
            if (_members == 1 || count <= grain)
            {
                RunInline(job, count, grain);
            }
            else
            {
                RunShared(job, count, grain);
            }
        }
        finally
        {
            Volatile.Write(ref _running, 0);
        }
    }

    /// <summary>Ends and joins the threads. No run may be in progress.</summary>
    public void Dispose()
    {
        if (_stop)
        {
            return;
        }

        Volatile.Write(ref _stop, true);
        Interlocked.MemoryBarrier();
        foreach (ParkingSpot spot in _spots)
        {
            spot.Wake();
        }

        foreach (Thread worker in _workers)
        {
            worker.Join();
        }

        foreach (ParkingSpot spot in _spots)
        {
            spot.Dispose();
        }

        _callerSpot.Dispose();
    }

    private static void RunInline(CrewJob job, int count, int grain)
    {
        for (int begin = 0; begin < count;)
        {
            int end = begin + Math.Min(grain, count - begin);
            job.Execute(begin, end, 0);
            begin = end;
        }
    }

    private void RunShared(CrewJob job, int count, int grain)
    {
        _job = job;
        _count = count;
        _grain = grain;
        _shared.Done = 0;
        uint epoch = ++_epoch;
        Interlocked.Exchange(ref _shared.Claim, Pack(epoch, 0));
        WakeParked(Math.Min(_members - 1, (count - 1) / grain));
        ExecuteRanges(epoch, 0);
        AwaitDone(count);
        Interlocked.Exchange(ref _shared.Claim, Pack(epoch, ClosedIndex));
        _job = null;
        if (_failure is { } failure)
        {
            _failure = null;
            ExceptionDispatchInfo.Capture(failure).Throw();
        }
    }

    private void WakeParked(int members)
    {
        for (int i = 0; i < members; i++)
        {
            _spots[i].Wake();
        }
    }

    private void ExecuteRanges(uint epoch, int member)
    {
        long word = Volatile.Read(ref _shared.Claim);
        CrewJob? job = _job;
        int count = _count;
        int grain = _grain;
        int done = 0;
        while (Epoch(word) == epoch && Index(word) < (uint)count)
        {
            int begin = (int)Index(word);
            int end = begin + Math.Min(grain, count - begin);
            long seen = Interlocked.CompareExchange(ref _shared.Claim, Pack(epoch, (uint)end), word);
            if (seen != word)
            {
                word = seen;
                continue;
            }

            // The claim succeeded, so the epoch was open and job, count and grain are its own.
            ExecuteOne(job!, begin, end, member);
            done += end - begin;
            word = Volatile.Read(ref _shared.Claim);
        }

        if (done > 0 && Interlocked.Add(ref _shared.Done, done) == count && member != 0)
        {
            _callerSpot.Wake();
        }
    }

    private void ExecuteOne(CrewJob job, int begin, int end, int member)
    {
        if (Volatile.Read(ref _failure) is not null)
        {
            return; // claimed and counted, but not run
        }

        try
        {
            job.Execute(begin, end, member);
        }
        catch (Exception failure)
        {
            Interlocked.CompareExchange(ref _failure, failure, null);
        }
    }

    private void AwaitDone(int count)
    {
        long begin = 0, now = 0, spin = _spinTicks;
        while (Volatile.Read(ref _shared.Done) != count)
        {
            now = Stopwatch.GetTimestamp();
            begin = begin == 0 ? now : begin;
            if (now - begin < spin)
            {
                Thread.SpinWait(2);
                continue;
            }

            _callerSpot.Announce();
            if (Volatile.Read(ref _shared.Done) != count)
            {
                _callerSpot.Sleep();
            }
            else
            {
                _callerSpot.Withdraw();
            }
        }

        if (now - begin >= spin)
        {
            long took = Stopwatch.GetTimestamp() - begin;
            HeldUpTicks += took >= s_spinTicks ? took : 0;
        }
    }

    private void WorkerLoop(int member)
    {
        uint seen = 0;
        while (AwaitEpoch(ref seen, member))
        {
            if (FloatEnvironment.Fault is { } fault)
            {
                Interlocked.CompareExchange(ref _failure, fault, null); // too late for this run, it ends the next one
            }

            ExecuteRanges(seen, member);
        }
    }

    private bool IsLeftOut(int member) => member >= Volatile.Read(ref _members);

    /// <summary>Waits until the published epoch differs from <paramref name="seen"/>, for a member that is not left out, and stores it
    /// there; false = stop.</summary>
    private bool AwaitEpoch(ref uint seen, int member)
    {
        ParkingSpot spot = _spots[member - 1];
        long deadline = Stopwatch.GetTimestamp() + Volatile.Read(ref _spinTicks);
        while (!Volatile.Read(ref _stop))
        {
            uint epoch = Epoch(Volatile.Read(ref _shared.Claim));
            bool isLeftOut = IsLeftOut(member);
            if (epoch != seen && !isLeftOut)
            {
                seen = epoch;
                return true;
            }

            if (!isLeftOut && Stopwatch.GetTimestamp() < deadline)
            {
                Thread.SpinWait(2);
                continue;
            }

            spot.Announce();
            if ((Epoch(Volatile.Read(ref _shared.Claim)) == seen || IsLeftOut(member)) && !Volatile.Read(ref _stop))
            {
                spot.Sleep();
            }
            else
            {
                spot.Withdraw();
            }
        }

        return false;
    }

    private static long Pack(uint epoch, uint index) => (long)(((ulong)epoch << 32) | index);

    private static uint Epoch(long word) => (uint)((ulong)word >> 32);

    private static uint Index(long word) => (uint)word;

    // Each word on cache lines of its own (two lines: the adjacent-line prefetcher works in pairs).
    [StructLayout(LayoutKind.Explicit, Size = 384)]
    private struct SharedWords
    {
        [FieldOffset(128)]
        public long Claim;

        [FieldOffset(256)]
        public int Done;
    }
}
