using LayerStream.Storage.Tests;
using Xunit;

namespace LayerStream.Memory.Tests;

public sealed class MemoryLimitsTests
{
    private const string MountV1 =
        "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
        + "35 31 0:32 {ROOT} /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n"
        + "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";

    private const string MountV2 = "41 31 0:38 {ROOT} /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw\n";
    private const string NoLimitV1 = "9223372036854771712\n";

    [Fact]
    public void Read_ThisProcess_IsPlausible()
    {
        MemoryLimits limits = MemoryLimits.Read();
        Assert.InRange(limits.MachineAvailableBytes, 1, limits.MachineTotalBytes);
        Assert.InRange(limits.FreeBytes, 0, limits.MachineAvailableBytes);
    }

    [Fact]
    public void Read_V1Nested_TakesTheSmallestLimitOfTheAncestors()
    {
        using TestFiles files = Machine("4:memory:/outer/inner\n0::/\n", MountV1.Replace("{ROOT}", "/"));
        WriteV1(files, "", NoLimitV1, 900_000_000, 1);
        WriteV1(files, "outer", "100000000", 60_000_000, 7, activeFile: 5_000_000, inactiveFile: 15_000_000);
        WriteV1(files, "outer/inner", "500000000", 50_000_000, 2);
        files.Write("sys/fs/cgroup/memory/outer/cgroup.procs", "");
        files.Write("sys/fs/cgroup/memory/outer/inner/cgroup.procs", $"{Environment.ProcessId}\n");
        MemoryLimits limits = MemoryLimits.Read(files.Root);
        Assert.Equal(100_000_000, limits.CgroupLimitBytes);
        Assert.Equal(60_000_000, limits.CgroupUsageBytes);
        Assert.Equal(60_000_001, limits.CgroupPeakBytes);
        Assert.Equal(7, limits.CgroupFailCount);
        Assert.EndsWith("memory/outer", limits.CgroupPath);
        Assert.True(limits.CgroupIsOurs);
        Assert.Equal(60_000_000, limits.CgroupFreeBytes);
        Assert.Equal(60_000_000, limits.FreeBytes);
        Assert.Equal((8L << 30, 4L << 30), (limits.MachineTotalBytes, limits.MachineAvailableBytes));
    }

    [Fact]
    public void Read_V1LimitOfAnInvisibleAncestor_IsTakenFromTheStatistics()
    {
        using TestFiles files = Machine("4:memory:/docker/abc\n", MountV1.Replace("{ROOT}", "/docker/abc"));
        WriteV1(files, "", NoLimitV1, 10_000_000, 0, hierarchical: 30_000_000);
        files.Write("sys/fs/cgroup/memory/cgroup.procs", $"{Environment.ProcessId}\n1\n");
        MemoryLimits limits = MemoryLimits.Read(files.Root);
        Assert.Equal(30_000_000, limits.CgroupLimitBytes);
        Assert.Equal(20_000_000, limits.FreeBytes);
        Assert.False(limits.CgroupIsOurs);
    }

    [Theory]
    [InlineData("max", "300000000", 300_000_000)]
    [InlineData("200000000", "300000000", 200_000_000)]
    [InlineData("400000000", "300000000", 300_000_000)]
    public void Read_V2High_LimitsLikeMax(string max, string high, long expected)
    {
        using TestFiles files = Machine("0::/slice\n", MountV2.Replace("{ROOT}", "/"));
        WriteV2(files, "slice", max, 50_000_000, 0);
        files.Write("sys/fs/cgroup/slice/memory.high", high + "\n");
        MemoryLimits limits = MemoryLimits.Read(files.Root);
        Assert.Equal(expected, limits.CgroupLimitBytes);
        Assert.InRange(limits.FreeBytes, 1, expected);
    }

    [Theory]
    [InlineData("unlimited", null)]
    [InlineData("4294967296", 4294967296 - (1024L * 1024 * 1024))]
    public void Read_AddressSpace_LeavesWhatIsNotMapped(string soft, long? expected)
    {
        using TestFiles files = Machine("0::/\n", MountV2.Replace("{ROOT}", "/"));
        files.Write("proc/self/limits", "Limit                     Soft Limit           Hard Limit           Units\nMax address space  "
            + $"       {soft}           unlimited            bytes\n");
        files.Write("proc/self/status", "Name:\tx\nVmSize:\t 1048576 kB\n");
        MemoryLimits limits = MemoryLimits.Read(files.Root);
        Assert.Equal(expected, limits.AddressSpaceFreeBytes);
        Assert.True(expected is null || limits.FreeBytes <= expected);
    }

    [Fact]
    public void Read_V1GroupNotVisible_FallsBackToTheMount()
    {
        using TestFiles files = Machine("4:cpu,memory:/not/there\n", MountV1.Replace("{ROOT}", "/"));
        WriteV1(files, "", "70000000", 10_000_000, 3);
        MemoryLimits limits = MemoryLimits.Read(files.Root);
        Assert.Equal(70_000_000, limits.CgroupLimitBytes);
        Assert.Equal(3, limits.CgroupFailCount);
    }

    [Fact]
    public void Read_V1WithoutLimit_ReportsTheOwnGroup()
    {
        using TestFiles files = Machine("4:memory:/own\n", MountV1.Replace("{ROOT}", "/"));
        WriteV1(files, "", NoLimitV1, 900_000_000, 1);
        WriteV1(files, "own", NoLimitV1, 50_000_000, 0);
        MemoryLimits limits = MemoryLimits.Read(files.Root);
        Assert.Null(limits.CgroupLimitBytes);
        Assert.Equal(50_000_000, limits.CgroupUsageBytes);
        Assert.EndsWith("memory/own", limits.CgroupPath);
        Assert.Equal(limits.MachineAvailableBytes, limits.FreeBytes);
    }

    [Fact]
    public void Read_V2Nested_TakesTheSmallestLimitAndTheTightestRoom()
    {
        using TestFiles files = Machine("0::/user.slice/app\n", MountV2.Replace("{ROOT}", "/"));
        WriteV2(files, "user.slice", "200000000", 190_000_000, 4);
        WriteV2(files, "user.slice/app", "100000000", 50_000_000, 9);
        files.Write("sys/fs/cgroup/user.slice/app/cgroup.procs", $"{Environment.ProcessId}\n");
        MemoryLimits limits = MemoryLimits.Read(files.Root);
        Assert.Equal((100_000_000L, 50_000_000L, 50_000_001L, 9L),
            (limits.CgroupLimitBytes, limits.CgroupUsageBytes, limits.CgroupPeakBytes, limits.CgroupFailCount));
        Assert.True(limits.CgroupIsOurs);
        Assert.Equal(10_000_000 + 6_000_000, limits.FreeBytes); // the slice has less room than the group
    }

    [Fact]
    public void Read_V2SiblingBelowTheBindingGroup_IsNotOurs()
    {
        using TestFiles files = Machine("0::/slice/a\n", MountV2.Replace("{ROOT}", "/"));
        WriteV2(files, "slice", "100000000", 50_000_000, 0);
        WriteV2(files, "slice/a", "max", 10_000_000, 0);
        files.Write("sys/fs/cgroup/slice/cgroup.procs", "");
        files.Write("sys/fs/cgroup/slice/a/cgroup.procs", $"{Environment.ProcessId}\n");
        Assert.True(MemoryLimits.Read(files.Root).CgroupIsOurs);
        files.Write("sys/fs/cgroup/slice/b/cgroup.procs", "12345678\n");
        Assert.False(MemoryLimits.Read(files.Root).CgroupIsOurs);
    }

    [Fact]
    public void Read_NothingThere_LeavesTheMachine()
    {
        using TestFiles files = new();
        MemoryLimits limits = MemoryLimits.Read(files.Root);
        Assert.Null(limits.CgroupPath);
        Assert.False(limits.CgroupIsOurs);
        Assert.True(limits.MachineTotalBytes > 0);
        Assert.Equal(limits.MachineAvailableBytes, limits.FreeBytes);
    }

    [Fact]
    public void FreeBytes_UsageAboveLimit_IsZero() =>
        Assert.Equal(0, new MemoryLimits(100, 200, null, null, 1000, 2000, "x", false).FreeBytes);

    private static TestFiles Machine(string cgroup, string mounts)
    {
        TestFiles files = new();
        files.Write("proc/self/cgroup", cgroup);
        files.Write("proc/self/mountinfo", mounts);
        files.Write("proc/meminfo", "MemTotal:        8388608 kB\nMemFree:          100 kB\nMemAvailable:    4194304 kB\n");
        return files;
    }

    private static void WriteV1(TestFiles files, string group, string limit, long usage, long fails, long activeFile = 0,
        long inactiveFile = 0, long? hierarchical = null)
    {
        string root = "sys/fs/cgroup/memory/" + (group.Length == 0 ? "" : group + "/");
        files.Write(root + "memory.limit_in_bytes", limit);
        files.Write(root + "memory.usage_in_bytes", $"{usage}\n");
        files.Write(root + "memory.max_usage_in_bytes", $"{usage + 1}\n");
        files.Write(root + "memory.failcnt", $"{fails}\n");
        string inherited = hierarchical?.ToString() ?? NoLimitV1.Trim();
        files.Write(root + "memory.stat",
            $"cache 1\nhierarchical_memory_limit {inherited}\ntotal_active_file {activeFile}\ntotal_inactive_file {inactiveFile}\n");
    }

    private static void WriteV2(TestFiles files, string group, string max, long usage, long events)
    {
        string root = $"sys/fs/cgroup/{group}/";
        files.Write(root + "memory.max", max + "\n");
        files.Write(root + "memory.current", $"{usage}\n");
        files.Write(root + "memory.peak", $"{usage + 1}\n");
        files.Write(root + "memory.events", $"low 0\nhigh 1\nmax {events}\noom 0\noom_kill 0\n");
        files.Write(root + "memory.stat", "anon 5\ninactive_file 1000000\nactive_file 2000000\nslab_reclaimable 3000000\n");
    }
}
