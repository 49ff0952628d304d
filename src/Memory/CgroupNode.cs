using System.Globalization;

namespace LayerStream.Memory;

/// <summary>The memory controller of one control group (kernel documentation: cgroup-v1/memory, cgroup-v2).</summary>
internal sealed record CgroupNode(string Directory, long? LimitBytes, long? UsageBytes, long? PeakBytes, long? FailCount,
    long ReclaimableBytes)
{
    // v1 says "no limit" with the largest page count in bytes, which depends on the page size.
    private const long NoLimitBytes = 1L << 60;
    private const int MaxGroups = 4096;

    /// <summary>Limit minus what cannot be reclaimed.</summary>
    internal long FreeBytes => (LimitBytes ?? long.MaxValue) - Math.Max(0, (UsageBytes ?? 0) - ReclaimableBytes);

    /// <summary>The group of this process first, then its ancestors up to the mount; empty when there is none.</summary>
    internal static IReadOnlyList<CgroupNode> ReadChain(string systemRoot)
    {
        foreach (CgroupPath path in CgroupPath.Find(systemRoot, "memory"))
        {
            List<CgroupNode> chain = Walk(path);
            if (chain.Count > 0)
            {
                return chain;
            }
        }

        return [];
    }

    /// <summary>True when no other process is in this group or below it.</summary>
    internal bool HoldsOnly(int processId)
    {
        string self = processId.ToString(CultureInfo.InvariantCulture);
        Queue<string> pending = new([Directory]);
        bool found = false;
        for (int seen = 0; pending.TryDequeue(out string? directory); seen++)
        {
            string? text = PseudoFile.Text(Path.Combine(directory, "cgroup.procs"));
            if (text is null || seen == MaxGroups)
            {
                return false;
            }

            foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
            {
                if (!line.IsEmpty && !line.SequenceEqual(self))
                {
                    return false;
                }

                found |= !line.IsEmpty;
            }

            foreach (string child in Children(directory))
            {
                pending.Enqueue(child);
            }
        }

        return found;
    }

    private static List<CgroupNode> Walk(CgroupPath path)
    {
        List<CgroupNode> chain = [];
        foreach (string directory in path.Directories())
        {
            if ((path.IsVersion2 ? ReadVersion2(directory) : ReadVersion1(directory, isOwn: chain.Count == 0)) is { } node)
            {
                chain.Add(node);
            }
        }

        return chain;
    }

    private static CgroupNode? ReadVersion1(string directory, bool isOwn)
    {
        if (PseudoFile.Number(Path.Combine(directory, "memory.usage_in_bytes")) is not { } usage)
        {
            return null;
        }

        string? stat = PseudoFile.Text(Path.Combine(directory, "memory.stat"));
        long? limit = Limit(PseudoFile.Number(Path.Combine(directory, "memory.limit_in_bytes")));
        if (isOwn && Limit(PseudoFile.Field(stat, "hierarchical_memory_limit")) is { } hierarchical)
        {
            limit = Math.Min(limit ?? long.MaxValue, hierarchical); // ancestors a container cannot see
        }

        long reclaimable = (PseudoFile.Field(stat, "total_active_file") ?? 0) + (PseudoFile.Field(stat, "total_inactive_file") ?? 0);
        return new CgroupNode(
            directory, limit, usage,
            PseudoFile.Number(Path.Combine(directory, "memory.max_usage_in_bytes")),
            PseudoFile.Number(Path.Combine(directory, "memory.failcnt")),
            Math.Min(reclaimable, usage));
    }

    private static CgroupNode? ReadVersion2(string directory)
    {
        // The root group has none of these files.
        if (PseudoFile.Number(Path.Combine(directory, "memory.current")) is not { } usage)
        {
            return null;
        }

        string? stat = PseudoFile.Text(Path.Combine(directory, "memory.stat"));
        long reclaimable = (PseudoFile.Field(stat, "active_file") ?? 0) + (PseudoFile.Field(stat, "inactive_file") ?? 0)
            + (PseudoFile.Field(stat, "slab_reclaimable") ?? 0);
        return new CgroupNode(
            directory, Smaller(Limit(PseudoFile.Number(Path.Combine(directory, "memory.max"))),
                Limit(PseudoFile.Number(Path.Combine(directory, "memory.high")))), usage,
            PseudoFile.Number(Path.Combine(directory, "memory.peak")),
            PseudoFile.Field(PseudoFile.Text(Path.Combine(directory, "memory.events")), "max"),
            Math.Min(reclaimable, usage));
    }

    // Above memory.high the kernel stalls the process at every page: a limit in all but name.
    private static long? Smaller(long? max, long? high) => max is null || high < max ? high ?? max : max;

    private static long? Limit(long? bytes) => bytes < NoLimitBytes ? bytes : null;

    private static string[] Children(string directory)
    {
        try
        {
            return System.IO.Directory.GetDirectories(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
