namespace LayerStream.Models.Decoding;

/// <summary>One row of a pass: a token of a sequence at a position.</summary>
/// <param name="Sequence">Whose keys and values the row sees and extends.</param>
/// <param name="Token">Token id.</param>
/// <param name="Position">0-based position in the sequence.</param>
public readonly record struct PassRow(SequenceState Sequence, int Token, int Position);
