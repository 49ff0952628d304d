using LayerStream.Storage.Tests;
using Xunit;

namespace LayerStream.Memory.Tests;

public sealed class ProcessorLimitsTests
{
    private const string Mounts =
        "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
        + "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
        + "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";

    private const string MountV2 = "41 31 0:38 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw\n";

    [Fact]
    public void Cores_V1_AreTheSmallestOfTheGroupAndItsAncestorsAndFollowChanges()
    {
        using TestFiles files = Machine("9:cpu:/outer/inner\n4:memory:/x\n0::/\n", Mounts);
        files.Write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
        files.Write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
        files.Write("sys/fs/cgroup/cpu/outer/cpu.cfs_quota_us", "150000\n");
        files.Write("sys/fs/cgroup/cpu/outer/cpu.cfs_period_us", "100000\n");
        files.Write("sys/fs/cgroup/cpu/outer/inner/cpu.cfs_quota_us", "100000\n");
        files.Write("sys/fs/cgroup/cpu/outer/inner/cpu.cfs_period_us", "50000\n");
        using ProcessorQuota quota = ProcessorQuota.Open(files.Root);
        Assert.Equal(1.5, quota.Cores());
        files.Write("sys/fs/cgroup/cpu/outer/inner/cpu.cfs_quota_us", "25000\n");
        Assert.Equal(0.5, quota.Cores());
        files.Write("sys/fs/cgroup/cpu/outer/inner/cpu.cfs_quota_us", "-1\n");
        files.Write("sys/fs/cgroup/cpu/outer/cpu.cfs_quota_us", "-1\n");
        Assert.Null(quota.Cores());
    }

    [Theory]
    [InlineData("max 100000\n", "max 100000\n", null)]
    [InlineData("max 100000\n", "50000 100000\n", 0.5)]
    [InlineData("300000 100000\n", "max 100000\n", 3.0)]
    [InlineData("100000\n", "max 100000\n", 1.0)]
    public void Cores_V2_AreThoseOfCpuMax(string outer, string inner, double? expected)
    {
        using TestFiles files = Machine("0::/a/b\n", MountV2);
        files.Write("sys/fs/cgroup/a/cpu.max", outer);
        files.Write("sys/fs/cgroup/a/b/cpu.max", inner);
        using ProcessorQuota quota = ProcessorQuota.Open(files.Root);
        Assert.Equal(expected, quota.Cores());
    }

    [Fact]
    public void Cores_ReadAgain_AllocateNothing()
    {
        using TestFiles files = Machine("0::/a\n", MountV2);
        files.Write("sys/fs/cgroup/a/cpu.max", "150000 100000\n");
        using ProcessorQuota quota = ProcessorQuota.Open(files.Root);
        quota.Cores();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            quota.Cores();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Read_Siblings_CountOnceAndSlowCoresAreNotBegunWith()
    {
        using TestFiles files = Machine("0::/\n", MountV2, "0-5");
        foreach ((int cpu, string siblings, int kilohertz) in ((int, string, int)[])
            [(0, "0-1", 5_200_000), (1, "0-1", 5_200_000), (2, "2-3", 5_000_000), (3, "2-3", 5_000_000),
                (4, "4", 3_900_000), (5, "5", 3_900_000)])
        {
            files.Write($"sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list", siblings + "\n");
            files.Write($"sys/devices/system/cpu/cpu{cpu}/cpufreq/cpuinfo_max_freq", $"{kilohertz}\n");
        }

        ProcessorCores cores = ProcessorCores.Read(files.Root, 6);
        Assert.Equal((6, 4, 2, 2), (cores.Usable, cores.Physical, cores.Fast, cores.Start));
        Assert.Equal("6 usable, 4 physical, 2 of them fast; computing begins on 2", cores.Describe());
    }

    [Fact]
    public void Read_AffinityAndQuota_LimitWhatComputingBeginsOn()
    {
        using TestFiles files = Machine("0::/a\n", MountV2, "1-3,6");
        files.Write("sys/fs/cgroup/a/cpu.max", "150000 100000\n");
        foreach (int cpu in Enumerable.Range(0, 8))
        {
            files.Write($"sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list", $"{cpu}\n");
            files.Write($"sys/devices/system/cpu/cpu{cpu}/cpu_capacity", cpu < 6 ? "1024\n" : "446\n");
        }

        ProcessorCores cores = ProcessorCores.Read(files.Root, 2);
        Assert.Equal((2, 4, 3, 2), (cores.Usable, cores.Physical, cores.Fast, cores.Start));
        Assert.Equal(1.5, cores.QuotaCores);
    }

    [Fact]
    public void Read_NothingTold_TakesAllForAlike()
    {
        using TestFiles files = new();
        Assert.Equal(new ProcessorCores(7, 7, 7, null), ProcessorCores.Read(files.Root, 7));
    }

    [Fact]
    public void Read_ThisProcess_IsPlausible()
    {
        ProcessorCores cores = ProcessorCores.Read();
        Assert.InRange(cores.Fast, 1, cores.Physical);
        Assert.InRange(cores.Start, 1, Environment.ProcessorCount);
    }

    private static TestFiles Machine(string cgroup, string mounts, string allowed = "0")
    {
        TestFiles files = new();
        files.Write("proc/self/cgroup", cgroup);
        files.Write("proc/self/mountinfo", mounts);
        files.Write("proc/self/status", $"Name:\tx\nCpus_allowed:\tff\nCpus_allowed_list:\t{allowed}\n");
        return files;
    }
}
