using System.Buffers.Text;
using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace LayerStream.Actors.Ring;

/// <summary>
/// What lengthens the compute thread's arithmetic from outside: collections of garbage, and cores that others use. The second is told by
/// Linux only (<c>schedstat</c>: nanoseconds on a core, nanoseconds ready to run without one).
/// </summary>
internal sealed class ThreadDelays
{
    private const string Statistics = "/proc/thread-self/schedstat";

    private readonly byte[] _text = new byte[96];
    private SafeFileHandle? _file;
    private Thread? _thread;
    private long _pausedTicks, _queuedNanos;

    /// <summary>Looks from here on, on the calling thread.</summary>
    internal void Begin()
    {
        if (_thread != Thread.CurrentThread)
        {
            _thread = Thread.CurrentThread;
            _file?.Dispose();
            _file = Open();
        }

        TakePaused();
        TakeQueued();
    }

    /// <summary>Stopwatch ticks of collections since the last call.</summary>
    internal long TakePaused()
    {
        long paused = GC.GetTotalPauseDuration().Ticks, before = _pausedTicks;
        _pausedTicks = paused;
        return (paused - before) * (Stopwatch.Frequency / TimeSpan.TicksPerSecond);
    }

    /// <summary>Stopwatch ticks that the thread was ready to run and had no core, since the last call; 0 where nobody tells.</summary>
    internal long TakeQueued()
    {
        long queued = Queued(), before = _queuedNanos;
        _queuedNanos = queued;
        return (long)((queued - before) * (Stopwatch.Frequency / 1e9));
    }

    private static SafeFileHandle? Open()
    {
        try
        {
            return OperatingSystem.IsLinux() ? File.OpenHandle(Statistics) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // a kernel without the statistics
        }
    }

    private long Queued()
    {
        if (_file is null)
        {
            return 0;
        }

        try
        {
            ReadOnlySpan<byte> text = _text.AsSpan(0, RandomAccess.Read(_file, _text, 0));
            int space = text.IndexOf((byte)' ');
            return space >= 0 && Utf8Parser.TryParse(text[(space + 1)..], out long nanos, out _) ? nanos : _queuedNanos;
        }
        catch (IOException)
        {
            return _queuedNanos;
        }
    }
}
