namespace LayerStream.Sampling.Grammars.States;

/// <summary>How many tokens a vocabulary writes some bytes with, the longest token at each place.</summary>
internal delegate int TokenCount(ReadOnlySpan<byte> text);

/// <summary>How far a text is from an end.</summary>
/// <param name="Tokens">Tokens with which some accepted text can be reached.</param>
/// <param name="Growth">How many more one further token can make of them.</param>
internal readonly record struct TextEnding(int Tokens, int Growth);
