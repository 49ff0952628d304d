namespace LayerStream.Planning;

/// <summary>When experts are read before they are demanded.</summary>
public enum PredictionMode
{
    /// <summary>While it pays, by measurement: see <see cref="PredictionGate"/>.</summary>
    Auto,

    /// <summary>Always.</summary>
    On,

    /// <summary>Never.</summary>
    Off,
}
