namespace LayerStream.Actors.Tracing;

/// <summary>What a trace event describes. The numbers are part of the trace file format.</summary>
public enum TraceKind : byte
{
    /// <summary>A read was handed to the reader (an instant).</summary>
    LoadSubmit = 1,

    /// <summary>A read: start to end of the transfer; lane = slot.</summary>
    Load = 2,

    /// <summary>Arithmetic on one tile on the compute thread.</summary>
    Compute = 3,

    /// <summary>The compute thread waited for the tile, for the event's <see cref="StallReason"/>.</summary>
    Wait = 4,

    /// <summary>A slot was freed or its tile kept.</summary>
    Evict = 5,

    /// <summary>One request from acceptance to its last token; pass = its first pass.</summary>
    Request = 6,

    /// <summary>One decode pass including sampling.</summary>
    Token = 7,

    /// <summary>One pass over prompt tokens.</summary>
    Prompt = 8,

    /// <summary>Choosing the tokens of one sequence behind a pass.</summary>
    Sample = 9,
}
