namespace LayerStream.Planning;

/// <summary>Where the times and rates of a prediction come from.</summary>
public enum SpeedSource
{
    /// <summary>The device was measured, arithmetic was not: a usual rate stands in for it.</summary>
    Assumption,

    /// <summary>An earlier process learnt them.</summary>
    Profile,

    /// <summary>A generation of this process.</summary>
    Generation,

    /// <summary>Measurements made for this.</summary>
    Measurement,
}
