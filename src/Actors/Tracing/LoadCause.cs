namespace LayerStream.Actors.Tracing;

/// <summary>Why something was read.</summary>
public enum LoadCause
{
    /// <summary>A tile in plan order.</summary>
    Prefetch,

    /// <summary>An expert that a layer chose.</summary>
    Demand,

    /// <summary>An expert that a layer will probably choose.</summary>
    Predicted,
}
