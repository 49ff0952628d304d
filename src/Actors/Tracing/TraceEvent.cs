using System.Runtime.InteropServices;

namespace LayerStream.Actors.Tracing;

/// <summary>One event of the trace: 40 bytes, no references. Times are Stopwatch ticks.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct TraceEvent
{
    /// <summary>The lane of a read that goes to no slot: a row of a table, read for its token.</summary>
    public const int NoSlot = -1;

    /// <summary>Start.</summary>
    public long StartTicks;

    /// <summary>End; 0 or the start for an instant.</summary>
    public long EndTicks;

    /// <summary>Index into the tile names; −1 = none.</summary>
    public int Tile;

    /// <summary>Number of the pass the event belongs to; −1 = none. A read belongs to the pass it is for.</summary>
    public int Pass;

    /// <summary>Slot or worker; <see cref="NoSlot"/> = neither.</summary>
    public int Lane;

    /// <summary>Bytes moved, 0 if none.</summary>
    public int Bytes;

    /// <summary>What happened.</summary>
    public TraceKind Kind;

    /// <summary>Why compute waited (<see cref="TraceKind.Wait"/> only).</summary>
    public StallReason Reason;

    /// <summary>A read of an expert before it was demanded; of <see cref="TraceKind.Evict"/>: the prediction was wrong, and the bytes were
    /// read for nothing.</summary>
    public bool IsPredicted;

    /// <summary>Rows of a pass; of <see cref="TraceKind.Request"/>: tokens it generated; of <see cref="TraceKind.Sample"/>: tokens that
    /// were drawn for a sequence, several where guesses held. 0 = not known, or none.</summary>
    public ushort Rows;

    /// <summary>Number of the sequence, from 1; 0 = none, or several at once.</summary>
    public ushort Sequence;

    /// <summary>End, or the start for an instant.</summary>
    public readonly long EndOrStartTicks => Math.Max(StartTicks, EndTicks);
}
