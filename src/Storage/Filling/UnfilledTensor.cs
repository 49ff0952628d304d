using LayerStream.Formats;

namespace LayerStream.Storage.Filling;

/// <summary>A tensor in which nothing seems to be written.</summary>
/// <param name="Tensor">The tensor.</param>
/// <param name="HoleBytes">Bytes of it for which the file system holds no data; 0 = it holds zeros as far as blocks were looked at.</param>
public readonly record struct UnfilledTensor(TensorInfo Tensor, long HoleBytes);
