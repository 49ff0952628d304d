using LayerStream.Formats;

namespace LayerStream.Conversion;

/// <summary>What a model's tensors are to become.</summary>
/// <param name="Name">As people call it.</param>
/// <param name="FileType">Value of <c>general.file_type</c>; null: as it is.</param>
/// <param name="Base">Type of most matrices; null: as they are.</param>
/// <param name="Head">Type of the output matrix, and of an embedding that stands for it; null: as it is.</param>
/// <param name="Raised">Type of the matrices that are raised; null: as they are.</param>
/// <param name="Raises">Which matrices are raised.</param>
public sealed record QuantizeTarget(
    string Name, uint? FileType, TensorType? Base, TensorType? Head, TensorType? Raised, RaisedShare Raises);
