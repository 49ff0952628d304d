using System.Globalization;
using System.Text;

namespace LayerStream.Memory;

/// <summary>The memory controller of one control group (kernel documentation: cgroup-v1/memory, cgroup-v2).</summary>
internal sealed record CgroupNode(string Directory, long? LimitBytes, long? UsageBytes, long? PeakBytes, long? FailCount,
    long ReclaimableBytes)
{
    // v1 says "no limit" with the largest page count in bytes, which depends on the page size.
    private const long NoLimitBytes = 1L << 60;
    private const int MaxDepth = 64;
    private const int MaxGroups = 4096;

    /// <summary>Limit minus what cannot be reclaimed.</summary>
    internal long FreeBytes => (LimitBytes ?? long.MaxValue) - Math.Max(0, (UsageBytes ?? 0) - ReclaimableBytes);

    /// <summary>The group of this process first, then its ancestors up to the mount; empty when there is none.</summary>
    internal static IReadOnlyList<CgroupNode> ReadChain(string systemRoot)
    {
        string? groups = PseudoFile.Text(Path.Combine(systemRoot, "proc/self/cgroup"));
        string? mounts = PseudoFile.Text(Path.Combine(systemRoot, "proc/self/mountinfo"));
        if (groups is null || mounts is null)
        {
            return [];
        }

        foreach (bool isVersion2 in (ReadOnlySpan<bool>)[false, true])
        {
            if (FindGroup(groups, isVersion2) is not { } group || FindMount(mounts, isVersion2) is not { } mount)
            {
                continue;
            }

            string mountPoint = Path.Combine(systemRoot, mount.Point.TrimStart('/'));
            List<CgroupNode> chain = Walk(mountPoint, Below(group, mount.Root), isVersion2);
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

    private static List<CgroupNode> Walk(string mountPoint, string below, bool isVersion2)
    {
        List<CgroupNode> chain = [];
        string[] names = below.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (int depth = Math.Min(names.Length, MaxDepth); depth >= 0; depth--)
        {
            string directory = Path.Combine([mountPoint, .. names.AsSpan(0, depth)]);
            if ((isVersion2 ? ReadVersion2(directory) : ReadVersion1(directory, isOwn: chain.Count == 0)) is { } node)
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

    /// <summary>Path of this process's group from lines "id:controllers:path" (cgroups(7)).</summary>
    private static string? FindGroup(string text, bool isVersion2)
    {
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] fields = line.Split(':', 3);
            if (fields.Length == 3 && (isVersion2 ? fields is ["0", "", _] : fields[1].Split(',').Contains("memory")))
            {
                return fields[2];
            }
        }

        return null;
    }

    /// <summary>Mount of the controller from "id parent dev root point options … - type source superoptions" (proc(5)).</summary>
    private static (string Root, string Point)? FindMount(string text, bool isVersion2)
    {
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            int dash = line.IndexOf(" - ", StringComparison.Ordinal);
            string[] left = line[..Math.Max(0, dash)].Split(' ');
            string[] right = line[(dash < 0 ? line.Length : dash + 3)..].Split(' ');
            if (left.Length < 5 || right.Length < 3)
            {
                continue;
            }

            if (isVersion2 ? right[0] == "cgroup2" : right[0] == "cgroup" && right[2].Split(',').Contains("memory"))
            {
                return (Unescape(left[3]), Unescape(left[4]));
            }
        }

        return null;
    }

    /// <summary>The group relative to the mount; the mount itself when the group lies outside it, as in some containers.</summary>
    private static string Below(string group, string mountRoot)
    {
        if (group.Split('/').Contains(".."))
        {
            return "";
        }

        string root = mountRoot.TrimEnd('/');
        return group == root || group.StartsWith(root + "/", StringComparison.Ordinal) ? group[root.Length..] : "";
    }

    /// <summary>Octal escapes of mountinfo ("\040" is a space).</summary>
    private static string Unescape(string text)
    {
        StringBuilder plain = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 3 < text.Length && text.AsSpan(i + 1, 3).IndexOfAnyExceptInRange('0', '7') < 0)
            {
                plain.Append((char)(((text[i + 1] - '0') << 6) | ((text[i + 2] - '0') << 3) | (text[i + 3] - '0')));
                i += 3;
            }
            else
            {
                plain.Append(text[i]);
            }
        }

        return plain.ToString();
    }

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
