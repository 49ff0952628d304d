using LayerStream.Formats;
using LayerStream.Storage;

namespace LayerStream.Pipeline.Tests;

/// <summary>A real device with a script in front: delays, short reads and errors at chosen reads.</summary>
internal sealed class ScriptedDevice(IFlashDevice inner) : IFlashDevice
{
    private long _reads;

    internal Func<long, int>? ErrnoAt { get; set; }

    internal Func<long, int>? DelayMicrosAt { get; set; }

    /// <summary>By file and offset.</summary>
    internal Func<int, long, int>? ErrnoOf { get; set; }

    internal bool AreReadsShort { get; set; }

    internal long Reads => Interlocked.Read(ref _reads);

    public bool IsDirect => inner.IsDirect;

    public string? FallbackReason => inner.FallbackReason;

    public IReadOnlyList<string> Files => inner.Files;

    public long FileLength(int file) => inner.FileLength(file);

    public string? DescribeChange(int file) => inner.DescribeChange(file);

    public int Read(int file, long offset, nint destination, int length)
    {
        long n = Interlocked.Increment(ref _reads) - 1;
        int delay = DelayMicrosAt?.Invoke(n) ?? 0;
        long until = System.Diagnostics.Stopwatch.GetTimestamp() + (delay * System.Diagnostics.Stopwatch.Frequency / 1_000_000);
        while (System.Diagnostics.Stopwatch.GetTimestamp() < until)
        {
            Thread.Yield();
        }

        int errno = ErrnoAt?.Invoke(n) ?? 0;
        errno = errno == 0 ? ErrnoOf?.Invoke(file, offset) ?? 0 : errno;
        if (errno != 0)
        {
            throw new FlashReadException(inner.Files[file], offset, length, errno, "scripted fault");
        }

        return inner.Read(file, offset, destination, AreReadsShort ? Math.Min(length, ExtentWindow.Alignment) : length);
    }

    public void Dispose() => inner.Dispose();
}
