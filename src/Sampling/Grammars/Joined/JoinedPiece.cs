using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Joined;

/// <summary>A piece of a joined text.</summary>
/// <param name="Start">The first state of its texts.</param>
/// <param name="Behind">Pieces that may follow.</param>
/// <param name="MayEnd">Whether the whole text may end behind it.</param>
internal sealed record JoinedPiece(GrammarState Start, IReadOnlyList<int> Behind, bool MayEnd);

/// <summary>A way to understand what was written: it stands in a state of a piece.</summary>
internal readonly record struct JoinedThread(int Piece, GrammarState State);
