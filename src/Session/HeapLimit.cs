namespace LayerStream.Session;

/// <summary>Holds the managed heap to its account of the budget.</summary>
public static class HeapLimit
{
    /// <summary>Sets the hard limit of the managed heap in bytes, after giving back what nothing uses.</summary>
    /// <exception cref="HeapLimitException">More than the limit is in use already; the limit is unchanged.</exception>
    public static void Apply(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true); // metadata is gone by now: its pages go back
        AppContext.SetData("GCHeapHardLimit", (ulong)bytes);
        try
        {
            GC.RefreshMemoryLimit();
        }
        catch (InvalidOperationException)
        {
            throw new HeapLimitException(bytes, GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes);
        }
    }
}
