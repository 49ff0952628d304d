namespace LayerStream.Formats;

/// <summary>The tensors of all files of a model, by position and by name.</summary>
internal sealed class TensorTable(int capacity)
{
    private readonly List<TensorInfo> _tensors = new(capacity);
    private readonly Dictionary<string, int> _byName = new(capacity, StringComparer.Ordinal);

    internal IReadOnlyList<TensorInfo> Tensors => _tensors;

    internal int Count => _tensors.Count;

    internal TensorInfo this[int index] => _tensors[index];

    internal TensorInfo? Find(string name) => _byName.TryGetValue(name, out int index) ? _tensors[index] : null;

    /// <summary>Adds a tensor; false when its name is taken.</summary>
    internal bool Add(TensorInfo tensor)
    {
        if (!_byName.TryAdd(tensor.Name, _tensors.Count))
        {
            return false;
        }

        _tensors.Add(tensor);
        return true;
    }
}
