using LayerStream.Memory;

namespace LayerStream.Session;

/// <summary>The largest memory of this process, as the kernel counts it.</summary>
public static class PeakMemory
{
    private static readonly long s_groupBefore = MemoryLimits.Read().CgroupPeakBytes ?? 0;

    /// <summary>
    /// Of the control group, page cache included, when this process is alone in it and it rose while the process ran (the kernel never
    /// forgets what an earlier one took); else of the resident set.
    /// </summary>
    public static long Bytes()
    {
        long resident = ProcessMemory.PeakResidentBytes();
        return MemoryLimits.Read() is { CgroupIsOurs: true, CgroupPeakBytes: { } peak }
            && peak > s_groupBefore ? Math.Max(peak, resident) : resident;
    }

    /// <summary>Remembers what the control group took before this process; call at the beginning.</summary>
    internal static void Begin() => _ = s_groupBefore;

    /// <summary>A warning when the budget was not kept, or null.</summary>
    public static WarningNotice? Excess(long budgetBytes) => Bytes() is long peak && peak > budgetBytes
        ? new WarningNotice($"Peak memory was {ByteSize.Format(peak)}, more than the budget of {ByteSize.Format(budgetBytes)}: please "
        + "report this with the budget sheet.")
        : null;
}
