namespace LayerStream.Actors.Ring;

/// <summary>Stopwatch ticks of the stages beside compute since the engine started; each loop adds its own.</summary>
internal sealed class StageTimes
{
    private long _loadStall, _evictBusy, _evictStall;

    /// <summary>Reads could not begin: no slot was free.</summary>
    internal long LoadStallTicks => Volatile.Read(ref _loadStall);

    /// <summary>Slots were being freed.</summary>
    internal long EvictBusyTicks => Volatile.Read(ref _evictBusy);

    /// <summary>Nothing was spent.</summary>
    internal long EvictStallTicks => Volatile.Read(ref _evictStall);

    internal void AddLoadStall(long ticks) => Interlocked.Add(ref _loadStall, ticks);

    internal void AddEvictBusy(long ticks) => Interlocked.Add(ref _evictBusy, ticks);

    internal void AddEvictStall(long ticks) => Interlocked.Add(ref _evictStall, ticks);
}
