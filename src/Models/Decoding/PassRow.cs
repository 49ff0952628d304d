namespace LayerStream.Models.Decoding;

/// <summary>One row of a pass: a token of a sequence at a position.</summary>
/// <param name="Sequence">Whose keys and values the row sees and extends.</param>
/// <param name="Token">Token id.</param>
/// <param name="Position">0-based position in the sequence.</param>
/// <param name="Behind">For the first row of a sequence whose tokens in front are those of another one, of which rows in front of this one
/// in the same pass may be: the sequence takes over its pages, which are full in front of this position. Null = it has its own.</param>
public readonly record struct PassRow(SequenceState Sequence, int Token, int Position, SequenceState? Behind = null);
