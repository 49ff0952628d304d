namespace LayerStream.Session;

/// <summary>Holds the managed heap to its account of the budget.</summary>
public static class HeapLimit
{
    /// <summary>Gives the managed heap room while no model is loaded, so that the description of the next can be read; what cannot be had
    /// stays as it was.</summary>
    /// <param name="bytes">What the budget leaves beside the runtime.</param>
    /// <returns>Whether the limit is in force.</returns>
    public static bool TryApply(long bytes)
    {
        try
        {
            Apply(Math.Max(1, bytes));
            return true;
        }
        catch (HeapLimitException)
        {
            return false;
        }
    }

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
