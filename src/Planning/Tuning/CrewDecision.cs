namespace LayerStream.Planning.Tuning;

/// <summary>A decision about the threads that compute.</summary>
/// <param name="Pass">Passes seen by then.</param>
/// <param name="Setting">What holds from here on.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record CrewDecision(int Pass, CrewSetting Setting, string Reason);
