namespace LayerStream.Engine;

/// <summary>A text as a vector of length 1.</summary>
/// <param name="Values">Its values; the nearer two texts are in meaning, the larger is the sum of the products.</param>
/// <param name="Tokens">Tokens of the text.</param>
public sealed record TextVector(ReadOnlyMemory<float> Values, int Tokens);
