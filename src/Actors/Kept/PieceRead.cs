using LayerStream.Planning.Batches;
using LayerStream.Storage.Blocks;

namespace LayerStream.Actors.Kept;

/// <summary>A piece that is wanted.</summary>
/// <param name="Piece">The piece.</param>
/// <param name="PayloadBytes">Bytes that its payload must have.</param>
/// <param name="Take">Receives the blocks of its payload, in any order and from several threads at once.</param>
internal readonly record struct PieceRead(KeptPiece Piece, long PayloadBytes, TakeBlock Take);
