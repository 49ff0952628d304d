using LayerStream.Formats;

namespace LayerStream.Models.Tiles;

/// <summary>What one read brings: a row range of one matrix, no larger than a slot.</summary>
/// <param name="Index">Position in the order of a pass.</param>
/// <param name="Matrix">Id of its matrix.</param>
/// <param name="RowBegin">First row.</param>
/// <param name="RowEnd">Row behind the last.</param>
/// <param name="Extent">Where the rows lie.</param>
public readonly record struct Tile(int Index, int Matrix, int RowBegin, int RowEnd, Extent Extent);
