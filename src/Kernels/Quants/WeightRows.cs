using LayerStream.Formats;

namespace LayerStream.Kernels.Quants;

/// <summary>Rows of a weight matrix as the file holds them.</summary>
/// <param name="Type">Type of the weights.</param>
/// <param name="Address">Row 0, any alignment.</param>
/// <param name="Columns">Elements of a row, a multiple of the type's block.</param>
public readonly record struct WeightRows(TensorType Type, nint Address, int Columns);
