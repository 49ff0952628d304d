namespace LayerStream.Planning.Tuning;

/// <summary>What the tuner sets.</summary>
/// <param name="Depth">Slots that may be ahead of compute.</param>
/// <param name="Reads">Reads of tiles that may run at the same time.</param>
public readonly record struct TunerSetting(int Depth, int Reads);
