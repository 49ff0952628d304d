namespace LayerStream.Actors.Run;

/// <summary>The stages of the ring, in the order in which a run that is over is taken down.</summary>
internal enum StageKind
{
    /// <summary>Reads.</summary>
    Prefetch,

    /// <summary>Frees slots.</summary>
    Eviction,

    /// <summary>Computes.</summary>
    Compute,
}
