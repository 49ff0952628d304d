namespace LayerStream.Storage.Filling;

/// <summary>A file of full length with so many zeros where weights should be that it was preallocated and not written to its end.</summary>
/// <param name="file">Path of the file that the first of the tensors lies in.</param>
/// <param name="tensors">The tensors, in file order.</param>
public sealed class UnfilledModelException(string file, IReadOnlyList<UnfilledTensor> tensors)
    : IOException($"{file}: {UnfilledTensors.Describe(tensors)}. The download or copy is not complete: let it end, or get the file "
    + "again; verify reads every byte and says it for certain.")
{
    /// <summary>Path of the file.</summary>
    public string File { get; } = file;

    /// <summary>The tensors, in file order.</summary>
    public IReadOnlyList<UnfilledTensor> Tensors { get; } = tensors;
}
