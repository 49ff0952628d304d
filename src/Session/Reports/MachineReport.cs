using System.Text.Json.Serialization;
using LayerStream.Memory;

namespace LayerStream.Session.Reports;

/// <summary>What <c>doctor</c> found on the machine.</summary>
public sealed record MachineReport
{
    /// <summary>Instruction sets that the kernels use.</summary>
    public required string InstructionSets { get; init; }

    /// <summary>Cores that this process may use.</summary>
    public required int Cores { get; init; }

    /// <summary>Of those that affinity allows, cores with execution units of their own.</summary>
    public required int PhysicalCores { get; init; }

    /// <summary>Of the physical ones, those of the fastest kind.</summary>
    public required int FastCores { get; init; }

    /// <summary>Cores that control groups give; null without a quota.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required double? QuotaCores { get; init; }

    /// <summary>Threads that computing begins with.</summary>
    public required int StartThreads { get; init; }

    /// <summary>Operating system, architecture and kernel.</summary>
    public required string System { get; init; }

    /// <summary>Version of .NET.</summary>
    public required string Runtime { get; init; }

    /// <summary>Memory and its limits.</summary>
    public required MachineMemoryReport Memory { get; init; }

    /// <summary>Mode of the garbage collector.</summary>
    public required string GcMode { get; init; }

    /// <summary>Whether the kernel lets this process use io_uring, in words.</summary>
    public required string IoUring { get; init; }

    /// <summary>The model examined; null when there is none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required string? Model { get; init; }

    /// <summary>Whether reads bypass the page cache; null when unknown.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required bool? DirectIo { get; init; }

    /// <summary>Why they do not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required string? DirectIoFallback { get; init; }

    /// <summary>Measured rate of the device; null when not measured.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required double? DeviceBytesPerSecond { get; init; }

    /// <summary>The smallest budget that runs the model; null when unknown.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required long? SmallestBudgetBytes { get; init; }

    /// <summary>What keeps the model from running.</summary>
    public required IReadOnlyList<string> Missing { get; init; }

    /// <summary>What makes it slower than it could be.</summary>
    public required IReadOnlyList<string> Notes { get; init; }
}

/// <summary>Memory of a machine and its limits; null = there is no such limit.</summary>
public sealed record MachineMemoryReport
{
    /// <summary>Memory of the machine.</summary>
    public required long MachineTotalBytes { get; init; }

    /// <summary>Of it, available.</summary>
    public required long MachineAvailableBytes { get; init; }

    /// <summary>Limit of the control group.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required long? CgroupLimitBytes { get; init; }

    /// <summary>What the control group has taken.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required long? CgroupUsageBytes { get; init; }

    /// <summary>The control group.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required string? CgroupPath { get; init; }

    /// <summary>Rate at which memory is used for the first time.</summary>
    public required long FirstUseBytesPerSecond { get; init; }

    /// <summary>What this process may take.</summary>
    public required long FreeBytes { get; init; }

    /// <summary>The limits as they were read.</summary>
    public static MachineMemoryReport Of(MemoryLimits limits, double firstUseBytesPerSecond) => new()
    {
        MachineTotalBytes = limits.MachineTotalBytes,
        MachineAvailableBytes = limits.MachineAvailableBytes,
        CgroupLimitBytes = limits.CgroupLimitBytes,
        CgroupUsageBytes = limits.CgroupUsageBytes,
        CgroupPath = limits.CgroupPath,
        FirstUseBytesPerSecond = (long)firstUseBytesPerSecond,
        FreeBytes = limits.FreeBytes,
    };
}
