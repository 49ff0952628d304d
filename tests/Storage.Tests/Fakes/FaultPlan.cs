namespace LayerStream.Storage.Tests.Fakes;

/// <summary>What <see cref="FaultyDevice"/> does wrong. All chances are in [0, 1] and drawn from <see cref="Seed"/>.</summary>
public sealed record FaultPlan
{
    /// <summary>Seed of short reads and delays.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The read (counted from 1) whose place goes bad; 0 for none.</summary>
    public int FailAtRead { get; init; }

    /// <summary>How many reads of that place fail: 1 is transient, <see cref="int.MaxValue"/> is persistent.</summary>
    public int FailCount { get; init; } = 1;

    /// <summary>Error number of the failure (EIO).</summary>
    public int Errno { get; init; } = 5;

    /// <summary>Reads that touch this byte range of <see cref="BadFile"/> fail until healed; empty for none.</summary>
    public (long Offset, long Length) BadRange { get; init; }

    /// <summary>File of <see cref="BadRange"/>.</summary>
    public int BadFile { get; init; }

    /// <summary>Chance that a read returns fewer bytes than it could (at least 1).</summary>
    public double ShortReadChance { get; init; }

    /// <summary>True: short reads end on the alignment, as direct reads do.</summary>
    public bool ShortReadsAligned { get; init; }

    /// <summary>Every read waits a random time up to this, so that reads end in another order than they began.</summary>
    public TimeSpan MaxDelay { get; init; }
}
