namespace LayerStream.Formats;

/// <summary>A byte range of one file of a model.</summary>
/// <param name="File">Index into <see cref="GgufModel.Files"/>.</param>
/// <param name="Offset">Absolute byte offset in that file.</param>
/// <param name="Length">Length in bytes.</param>
public readonly record struct Extent(int File, long Offset, long Length);
