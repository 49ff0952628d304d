namespace LayerStream.Models.Synthesis;

/// <summary>How a shape becomes a file.</summary>
public sealed record SyntheticOptions
{
    /// <summary>Layers; 0 for all of the published model.</summary>
    public int Layers { get; init; }

    /// <summary>Layers that are written; the others share extents with them. 0 for all.</summary>
    public int PhysicalLayers { get; init; }

    /// <summary>Alignment of tensors; sharing extents needs a multiple of 4096.</summary>
    public int Alignment { get; init; } = 32;

    /// <summary>Same seed, same bytes.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>How routers choose.</summary>
    public RouterLocality Locality { get; init; } = RouterLocality.Trace;
}
