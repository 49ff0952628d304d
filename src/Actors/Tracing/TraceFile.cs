using System.Diagnostics;
using LayerStream.Planning.Tuning;

namespace LayerStream.Actors.Tracing;

/// <summary>
/// A trace with what is needed to read it. On disk, little-endian: magic "LSTR"; u32 version; u32 header length; the header as
/// UTF-8 JSON; u64 number of events; then 40 bytes per event (i64 start, i64 end, i32 tile, i32 pass, i32 lane, i32 bytes, u8 kind,
/// u8 reason, u8 predicted (0 or 1), a zero byte, u16 rows, u16 sequence; both are zero up to version 2). Holds no text of prompts or
/// replies.
/// </summary>
public sealed record TraceFile
{
    /// <summary>The version this program writes.</summary>
    public const int CurrentVersion = 3;

    /// <summary>From this version on events name their sequence and passes their rows.</summary>
    internal const int SequencesVersion = 3;

    /// <summary>The oldest version it reads: version 1 does not say where tiles lie.</summary>
    public const int OldestVersion = 1;

    /// <summary>Version of the format.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>Name of the model.</summary>
    public string Model { get; init; } = "";

    /// <summary>Ticks per second of every time in the trace.</summary>
    public long TicksPerSecond { get; init; } = Stopwatch.Frequency;

    /// <summary>A moment on the events' clock …</summary>
    public long AnchorTicks { get; init; } = Stopwatch.GetTimestamp();

    /// <summary>… and the same moment as nanoseconds since 1970 UTC; together they date every event.</summary>
    public long AnchorUnixNanos { get; init; } = (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100;

    /// <summary>Names of tiles; the index is <see cref="TraceEvent.Tile"/>.</summary>
    public string[] TileNames { get; init; } = [];

    /// <summary>Layer of each tile, −1 = outside the layers; as long as <see cref="TileNames"/>.</summary>
    public int[] TileLayers { get; init; } = [];

    /// <summary>Paths of the model's files; empty = not known.</summary>
    public string[] Files { get; init; } = [];

    /// <summary>Where the bytes of every tile lie in <see cref="Files"/>.</summary>
    public TileReads Reads { get; init; } = TileReads.None;

    /// <summary>The first tile number that means an expert; −1 = not known.</summary>
    public int FirstExpertTile { get; init; } = -1;

    /// <summary>What the device was measured to give, bytes per second; 0 = not known.</summary>
    public double DeviceBytesPerSecond { get; init; }

    /// <summary>The memory budget in bytes; 0 = not known.</summary>
    public long BudgetBytes { get; init; }

    /// <summary>Prefetch depth in tiles when the trace was taken; 0 = not known.</summary>
    public int Depth { get; init; }

    /// <summary>What the tuner of depth saw from its beginning on; null = there was none.</summary>
    public DepthHistory? DepthTuning { get; init; }

    /// <summary>What the tuner of transient slots saw; null = there was none.</summary>
    public TransientHistory? TransientTuning { get; init; }

    /// <summary>Events the ring had dropped.</summary>
    public long Dropped { get; init; }

    /// <summary>The events, in the order they were added.</summary>
    public TraceEvent[] Events { get; init; } = [];

    /// <summary>Writes the file, over an older one.</summary>
    /// <exception cref="ArgumentException">The trace breaks a rule of the format (a tile without a name, for example).</exception>
    public void Save(string path)
    {
        using FileStream file = File.Create(path);
        TraceFormat.Save(this, file);
    }

    /// <summary>Writes it to a stream; see the other overload.</summary>
    public void Save(Stream file) => TraceFormat.Save(this, file);

    /// <summary>Reads and checks a file; memory taken is in proportion to the bytes that are really there.</summary>
    /// <exception cref="InvalidDataException">Not a trace, or damaged; the message names the file and the offset.</exception>
    public static TraceFile Load(string path) => TraceFormat.Load(path);

    /// <summary>Name of a tile for people; never fails.</summary>
    public string TileName(int tile) =>
        (uint)tile < (uint)TileNames.Length ? TileNames[tile] : tile < 0 ? "no tile" : $"tile {tile}";

    /// <summary>Layer of a tile; −1 if it has none.</summary>
    public int TileLayer(int tile) => (uint)tile < (uint)TileLayers.Length ? TileLayers[tile] : -1;

    internal double Milliseconds(long ticks) => ticks * 1000.0 / TicksPerSecond;

    /// <summary>What is wrong with an event; null = nothing.</summary>
    internal static string? Fault(in TraceEvent e, int tiles)
    {
        if (e.Kind is < TraceKind.LoadSubmit or > TraceKind.Sample)
        {
            return $"event kind {(int)e.Kind} is unknown";
        }
        if ((int)e.Reason >= StallReasonNames.Count)
        {
            return $"stall reason {(int)e.Reason} is unknown";
        }
        if (e.Tile < -1 || e.Tile >= tiles)
        {
            return $"tile {e.Tile} is not among the {tiles} tiles";
        }
        if (e.StartTicks < 0 || (e.EndTicks < e.StartTicks && e.EndTicks != 0))
        {
            return $"the event runs from {e.StartTicks} to {e.EndTicks}";
        }
        return e.Bytes < 0 || e.Pass < -1 ? $"the event has {e.Bytes} bytes and pass {e.Pass}" : null;
    }
}
