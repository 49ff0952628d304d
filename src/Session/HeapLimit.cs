namespace LayerStream.Session;

/// <summary>Holds the managed heap to its account of the budget.</summary>
public static class HeapLimit
{
    /// <summary>
    /// Sets the hard limit of the managed heap in bytes. Returns false when the runtime refuses, for example because more
    /// is committed already; the limit is then unchanged.
    /// </summary>
    public static bool Apply(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        AppContext.SetData("GCHeapHardLimit", (ulong)bytes);
        try
        {
            GC.RefreshMemoryLimit();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
