namespace LayerStream.Storage.Tests.Fakes;

/// <summary>Signals when a number of reads have completed, and what completing them allocated.</summary>
internal sealed class Countdown : IReadCompletion, IDisposable
{
    private int _left;
    private int _count;
    private long _first;

    /// <summary>Managed bytes the pool thread allocated from the first completion of the round to the last.</summary>
    internal long AllocatedBytes { get; private set; }

    internal AutoResetEvent Done { get; } = new(false);

    public void Completed(long tag, nint payload, FlashReadException? error, long submitTicks, long startTicks, long endTicks)
    {
        if (_left == _count)
        {
            _first = GC.GetAllocatedBytesForCurrentThread();
        }

        if (--_left == 0)
        {
            AllocatedBytes = GC.GetAllocatedBytesForCurrentThread() - _first;
            Done.Set();
        }
    }

    public void Dispose() => Done.Dispose();

    internal void Reset(int count) => _left = _count = count;
}
