namespace LayerStream.Sampling;

/// <summary>Natural logarithm of a token's probability.</summary>
/// <param name="Id">The token.</param>
/// <param name="Value">At most 0; negative infinity for a masked token.</param>
public readonly record struct LogProbability(int Id, float Value);
