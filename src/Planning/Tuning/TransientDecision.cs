namespace LayerStream.Planning.Tuning;

/// <summary>A decision about transient slots.</summary>
/// <param name="Pass">Decode passes that were seen by then.</param>
/// <param name="Slots">Slots that predicted reads may fill from here on.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record TransientDecision(int Pass, int Slots, string Reason);
