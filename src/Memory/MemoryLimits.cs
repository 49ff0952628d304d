using System.Globalization;

namespace LayerStream.Memory;

/// <summary>What the machine and the control groups (Linux, v1 and v2) leave to this process, at one moment.</summary>
/// <param name="CgroupLimitBytes">Smallest limit among the group and its ancestors; null when none is set.</param>
/// <param name="CgroupUsageBytes">Bytes charged to the group of <paramref name="CgroupPath"/>, page cache included.</param>
/// <param name="CgroupPeakBytes">Its largest usage; null where the kernel does not tell.</param>
/// <param name="CgroupFailCount">How often it ran into its limit (v1 failcnt, v2 memory.events "max").</param>
/// <param name="MachineAvailableBytes">MemAvailable: free plus what the kernel can reclaim.</param>
/// <param name="MachineTotalBytes">Memory of the machine.</param>
/// <param name="CgroupPath">Directory of the group whose limit binds, or this process's own group when none has a limit.</param>
/// <param name="CgroupIsOurs">True when this process is the only one in that group and the groups below it.</param>
public sealed record MemoryLimits(
    long? CgroupLimitBytes,
    long? CgroupUsageBytes,
    long? CgroupPeakBytes,
    long? CgroupFailCount,
    long MachineAvailableBytes,
    long MachineTotalBytes,
    string? CgroupPath,
    bool CgroupIsOurs)
{
    /// <summary>Smallest (limit − usage + reclaimable cache) over the group and its ancestors; null when none has a limit.</summary>
    public long? CgroupFreeBytes { get; init; }

    /// <summary>Address space that RLIMIT_AS leaves (ulimit -v); null when it is not limited.</summary>
    public long? AddressSpaceFreeBytes { get; init; }

    /// <summary>Bytes that can still be taken: the smallest of what the groups, the machine and the address space leave, never
    /// negative.</summary>
    public long FreeBytes
    {
        get
        {
            long group = CgroupFreeBytes ?? CgroupLimitBytes - (CgroupUsageBytes ?? 0) ?? long.MaxValue;
            return Math.Max(0, Math.Min(Math.Min(group, AddressSpaceFreeBytes ?? long.MaxValue), MachineAvailableBytes));
        }
    }

    /// <summary>Whether what is free now and what this process holds already cover a budget.</summary>
    public static bool Cover(long budgetBytes) => budgetBytes <= Read().FreeBytes + ProcessMemory.ResidentBytes();

    /// <summary>Reads the limits of this process.</summary>
    public static MemoryLimits Read() => Read("/");

    /// <summary>Reads the limits of this process with /proc and the control groups looked up below another root.</summary>
    /// <param name="systemRoot">Directory that stands for "/".</param>
    public static MemoryLimits Read(string systemRoot)
    {
        (long available, long total) = ReadMachine(systemRoot);
        IReadOnlyList<CgroupNode> chain = CgroupNode.ReadChain(systemRoot);
        if (chain.Count == 0)
        {
            return new MemoryLimits(null, null, null, null, available, total, null,
                false)
            { AddressSpaceFreeBytes = ReadAddressSpace(systemRoot) };
        }

        CgroupNode binding = chain[0];
        long? free = null;
        foreach (CgroupNode node in chain.Where(n => n.LimitBytes is not null))
        {
            if (binding.LimitBytes is null || node.LimitBytes < binding.LimitBytes)
            {
                binding = node;
            }

            free = Math.Min(free ?? long.MaxValue, node.FreeBytes);
        }

        return new MemoryLimits(
            binding.LimitBytes, binding.UsageBytes, binding.PeakBytes, binding.FailCount, available, total,
            binding.Directory, binding.HoldsOnly(Environment.ProcessId))
        {
            CgroupFreeBytes = free,
            AddressSpaceFreeBytes = ReadAddressSpace(systemRoot),
        };
    }

    // "Max address space  <soft>  <hard>  bytes" (proc(5), limits), against VmSize.
    private static long? ReadAddressSpace(string systemRoot)
    {
        const string Name = "Max address space";
        long? limit = null, used = null;
        foreach (ReadOnlySpan<char> line in PseudoFile.Text(Path.Combine(systemRoot, "proc/self/limits")).AsSpan().EnumerateLines())
        {
            if (line.StartsWith(Name, StringComparison.Ordinal))
            {
                ReadOnlySpan<char> soft = line[Name.Length..].TrimStart();
                int end = soft.IndexOf(' ');
                // "unlimited"
                limit = long.TryParse(end < 0 ? soft : soft[..end], NumberStyles.None, CultureInfo.InvariantCulture, out long bytes)
                    ? bytes : null;
            }
        }

        foreach (ReadOnlySpan<char> line in PseudoFile.Text(Path.Combine(systemRoot, "proc/self/status")).AsSpan().EnumerateLines())
        {
            if (line.StartsWith("VmSize:", StringComparison.Ordinal))
            {
                used = PseudoFile.ParseKibibytes(line["VmSize:".Length..]);
            }
        }

        return limit is null ? null : Math.Max(0, limit.Value - (used ?? 0));
    }

    private static (long Available, long Total) ReadMachine(string systemRoot)
    {
        string? text = PseudoFile.Text(Path.Combine(systemRoot, "proc/meminfo"));
        long? available = null, total = null;
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            if (line.StartsWith("MemAvailable:", StringComparison.Ordinal))
            {
                available = PseudoFile.ParseKibibytes(line["MemAvailable:".Length..]);
            }
            else if (line.StartsWith("MemTotal:", StringComparison.Ordinal))
            {
                total = PseudoFile.ParseKibibytes(line["MemTotal:".Length..]);
            }
        }

        GCMemoryInfo runtime = GC.GetGCMemoryInfo();
        long totalBytes = total ?? runtime.TotalAvailableMemoryBytes;
        return (available ?? Math.Max(0, totalBytes - runtime.MemoryLoadBytes), totalBytes);
    }
}
