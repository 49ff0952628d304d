namespace LayerStream.Tokenization.Vocabularies;

/// <summary>Tokens between which a model fills in what is missing.</summary>
/// <param name="Prefix">In front of what comes before the gap.</param>
/// <param name="Suffix">In front of what comes behind it.</param>
/// <param name="Middle">Behind both; the model goes on with the gap.</param>
public sealed record FillTokens(int Prefix, int Suffix, int Middle);
