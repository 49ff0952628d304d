namespace LayerStream.Actors.Tracing;

/// <summary>The names of stall reasons in JSON, metrics and reports.</summary>
public static class StallReasonNames
{
    private static readonly string[] s_names =
        ["none", "disk_prefetch_late", "disk_demand", "budget_evict", "cpu", "gc_pause", "client", "scheduler"];

    private static readonly string[] s_meanings =
    [
        "", "the disk had not brought the next weights yet", "an expert was read that nothing had foretold",
        "no room of the budget was free for the next read", "other programs had the core", "the runtime collected memory",
        "the reader of the answer was slow", "work between two passes",
    ];

    /// <summary>What a reason means, for whoever does not know its name; empty for none.</summary>
    /// <param name="name">As <see cref="Name"/> gives it.</param>
    public static string Meaning(string name) => Array.IndexOf(s_names, name) is >= 0 and var reason ? s_meanings[reason] : "";

    /// <summary>How many reasons there are, <see cref="StallReason.None"/> included.</summary>
    public static int Count => s_names.Length;

    /// <summary>For example <c>disk_prefetch_late</c>.</summary>
    public static string Name(this StallReason reason) =>
        (int)reason < s_names.Length ? s_names[(int)reason] : throw new ArgumentOutOfRangeException(nameof(reason));

    /// <summary>True if the disk is what compute waited for.</summary>
    public static bool IsDisk(this StallReason reason) => reason is StallReason.DiskPrefetchLate or StallReason.DiskDemand;
}
