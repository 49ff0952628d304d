namespace LayerStream.Formats.Writing;

/// <summary>A GGUF file that is to be written.</summary>
/// <param name="Head">Everything before the first tensor.</param>
/// <param name="Tensors">The tensors in the order of their offsets; the bytes between them are zero.</param>
/// <param name="FileBytes">Length of the whole file.</param>
public sealed record GgufLayout(byte[] Head, IReadOnlyList<TensorInfo> Tensors, long FileBytes);
