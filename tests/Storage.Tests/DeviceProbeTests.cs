using LayerStream.Memory;
using LayerStream.Storage.Tests.Fakes;
using Xunit;

namespace LayerStream.Storage.Tests;

public sealed class DeviceProbeTests
{
    [Fact]
    public void Measure_DelayedDevice_IsBelowItsCeiling()
    {
        FaultPlan plan = new() { MaxDelay = TimeSpan.FromMilliseconds(10) };
        using FaultyDevice device = new(new MemoryDevice(TestFiles.Pattern(300_000)), plan);
        double rate = DeviceProbe.MeasureBytesPerSecond(device, TimeSpan.FromMilliseconds(200), new BudgetAccount("test", 64 << 20),
            blockBytes: 65536, depth: 2);
        Assert.InRange(rate, 1_000_000, 60_000_000); // 2 × 64 KiB per 5 ms on average is 26 MB/s
    }

    [Fact]
    public void Measure_SmallAndOddFiles_Works()
    {
        long before = AlignedBuffer.LiveCount;
        using MemoryDevice device = new(TestFiles.Pattern(1), [], TestFiles.Pattern(5000));
        Assert.True(DeviceProbe.MeasureBytesPerSecond(device, TimeSpan.Zero, new BudgetAccount("test", 64 << 20)) > 0);
        Assert.True(DeviceProbe.MeasureBytesPerSecond(device, TimeSpan.FromMilliseconds(5), new BudgetAccount("test", 64 << 20),
            4096, 1) > 0);
        Assert.True(AlignedBuffer.LiveCount - before < 50);
    }

    [Fact]
    public void Measure_EmptyFiles_IsZero()
    {
        using MemoryDevice device = new([], []);
        Assert.Equal(0, DeviceProbe.MeasureBytesPerSecond(device, TimeSpan.FromMilliseconds(5), new BudgetAccount("test", 64 << 20)));
    }

    [Fact]
    public void Measure_BrokenDevice_Throws()
    {
        FaultPlan plan = new() { BadRange = (0, long.MaxValue / 2) };
        using FaultyDevice device = new(new MemoryDevice(TestFiles.Pattern(9000)), plan);
        Assert.Throws<FlashReadException>(() => DeviceProbe.MeasureBytesPerSecond(device, TimeSpan.FromSeconds(20),
            new BudgetAccount("test", 64 << 20)));
    }

    /// <summary>Prints the rate of a file named by LAYERSTREAM_PROBE_FILE; skipped without it.</summary>
    [Fact]
    public void Measure_NamedFile_PrintsTheRate()
    {
        string? path = Environment.GetEnvironmentVariable("LAYERSTREAM_PROBE_FILE");
        Assert.SkipWhen(path is null, "LAYERSTREAM_PROBE_FILE is not set.");
        using FlashDevice device = FlashDevice.Open([path!]);
        double rate = DeviceProbe.MeasureBytesPerSecond(device, TimeSpan.FromSeconds(5), new BudgetAccount("test", 64 << 20));
        Console.WriteLine($"direct={device.IsDirect} {rate / 1e6:0.0} MB/s");
        Assert.True(rate > 0);
    }
}
