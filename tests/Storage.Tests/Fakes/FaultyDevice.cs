using LayerStream.Formats;

namespace LayerStream.Storage.Tests.Fakes;

/// <summary>
/// Passes reads on to another device and fails, shortens or delays them as planned. A place that goes bad is the window of the
/// read that hit it: later reads that overlap it count against <see cref="FaultPlan.FailCount"/>.
/// </summary>
public sealed class FaultyDevice(IFlashDevice inner, FaultPlan plan) : IFlashDevice
{
    private readonly Lock _lock = new();
    private readonly Random _random = new(plan.Seed);
    private FaultPlan _plan = plan;
    private (int File, long Offset, long Length)? _badPlace;
    private int _failuresLeft;
    private int _reads;
    private int _failures;

    public bool IsDirect => inner.IsDirect;

    public string? FallbackReason => inner.FallbackReason;

    public IReadOnlyList<string> Files => inner.Files;

    /// <summary>Reads asked for so far, failed ones included.</summary>
    public int Reads => Volatile.Read(ref _reads);

    /// <summary>Reads that were made to fail.</summary>
    public int Failures => Volatile.Read(ref _failures);

    public long FileLength(int file) => inner.FileLength(file);

    public string? DescribeChange(int file) => inner.DescribeChange(file);

    /// <summary>Behaves from now on as the given plan says (no faults when null); reads are counted from 1 again.</summary>
    public void Heal(FaultPlan? next = null)
    {
        lock (_lock)
        {
            _plan = next ?? new FaultPlan();
            _badPlace = null;
            _reads = _failuresLeft = 0;
        }
    }

    public int Read(int file, long offset, nint destination, int length)
    {
        TimeSpan delay;
        int wanted = length;
        bool fails;
        int errno;
        double shortShare = 1;
        bool aligned;
        lock (_lock)
        {
            _reads++;
            if (_reads == _plan.FailAtRead)
            {
                _badPlace = (file, offset, length);
                _failuresLeft = _plan.FailCount;
            }

            fails = Touches(file, offset, length);
            errno = _plan.Errno;
            aligned = _plan.ShortReadsAligned;
            delay = _plan.MaxDelay * _random.NextDouble();
            if (_random.NextDouble() < _plan.ShortReadChance)
            {
                shortShare = _random.NextDouble();
            }

            _failures += fails ? 1 : 0;
        }

        if (delay > TimeSpan.Zero)
        {
            Thread.Sleep(delay);
        }

        if (fails)
        {
            throw new FlashReadException(Files[file], offset, length, errno, "injected failure");
        }

        int count = inner.Read(file, offset, destination, wanted);
        if (shortShare == 1 || count <= 1)
        {
            return count;
        }

        int kept = Math.Max(1, (int)(count * shortShare));
        kept = aligned ? Math.Max(ExtentWindow.Alignment, kept / ExtentWindow.Alignment * ExtentWindow.Alignment) : kept;
        kept = Math.Min(kept, count);
        Scribble(destination, kept, count);
        return kept;
    }

    public void Dispose() => inner.Dispose();

    private bool Touches(int file, long offset, int length)
    {
        (long begin, long bad) = _plan.BadRange;
        if (bad > 0 && file == _plan.BadFile && offset < begin + bad && begin < offset + length)
        {
            return true;
        }

        if (_badPlace is { } place && file == place.File && offset < place.Offset + place.Length && place.Offset < offset + length
            && _failuresLeft > 0)
        {
            _failuresLeft -= _failuresLeft == int.MaxValue ? 0 : 1;
            return true;
        }

        return false;
    }

    // What a short read did not deliver must not look right by accident.
    private static unsafe void Scribble(nint destination, int kept, int count) =>
        new Span<byte>((byte*)destination + kept, count - kept).Fill(0xEE);
}
