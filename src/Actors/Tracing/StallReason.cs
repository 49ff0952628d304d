namespace LayerStream.Actors.Tracing;

/// <summary>Why compute waited: a closed list. The numbers are part of the trace file format; an engine records those of the disk, of the
/// budget and of the scheduler, the others only have their number.</summary>
public enum StallReason : byte
{
    /// <summary>No wait.</summary>
    None = 0,

    /// <summary>A read in plan order had not arrived.</summary>
    DiskPrefetchLate = 1,

    /// <summary>A read that only compute could ask for (an expert).</summary>
    DiskDemand = 2,

    /// <summary>No free slot under the budget.</summary>
    BudgetEvict = 3,

    /// <summary>The compute thread was ready to run and had no core.</summary>
    Cpu = 4,

    /// <summary>The runtime collected garbage.</summary>
    GcPause = 5,

    /// <summary>The reader of the reply did not keep up; compute does not wait for readers.</summary>
    Client = 6,

    /// <summary>Waiting for work between requests or passes.</summary>
    Scheduler = 7,
}
