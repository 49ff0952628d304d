namespace LayerStream.Actors.Tracing;

/// <summary>The names of stall reasons in JSON, metrics and reports.</summary>
public static class StallReasonNames
{
    private static readonly string[] s_names =
        ["none", "disk_prefetch_late", "disk_demand", "budget_evict", "cpu", "gc_pause", "client", "scheduler"];

    /// <summary>How many reasons there are, <see cref="StallReason.None"/> included.</summary>
    public static int Count => s_names.Length;

    /// <summary>For example <c>disk_prefetch_late</c>.</summary>
    public static string Name(this StallReason reason) =>
        (int)reason < s_names.Length ? s_names[(int)reason] : throw new ArgumentOutOfRangeException(nameof(reason));

    /// <summary>True if the disk is what compute waited for.</summary>
    public static bool IsDisk(this StallReason reason) => reason is StallReason.DiskPrefetchLate or StallReason.DiskDemand;
}
