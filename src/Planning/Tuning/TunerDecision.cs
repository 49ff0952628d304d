namespace LayerStream.Planning.Tuning;

/// <summary>A decision of the tuner.</summary>
/// <param name="Pass">Decode passes it had seen by then.</param>
/// <param name="Setting">What holds from here on.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record TunerDecision(int Pass, TunerSetting Setting, string Reason);
