namespace LayerStream.Formats;

/// <summary>What the files of a GGUF model say about it: metadata and where each tensor lies. Holds no weights and no open file.</summary>
public sealed class GgufModel
{
    private readonly TensorTable _tensors;

    internal GgufModel(IReadOnlyList<string> files, GgufMetadata metadata, TensorTable tensors, string? architecture, int version)
    {
        Files = files;
        Metadata = metadata;
        Architecture = architecture;
        Version = version;
        _tensors = tensors;
    }

    /// <summary>Full paths of all files, in the order of <see cref="Extent.File"/>.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>The metadata (of the first file of a split model).</summary>
    public GgufMetadata Metadata { get; }

    /// <summary>All tensors in file order.</summary>
    public IReadOnlyList<TensorInfo> Tensors => _tensors.Tensors;

    /// <summary>The value of <c>general.architecture</c>, which prefixes the hyper-parameter keys; null when absent.</summary>
    public string? Architecture { get; }

    /// <summary>GGUF version, 2 or 3.</summary>
    public int Version { get; }

    /// <summary>
    /// Reads a model's description. Any file of a split model stands for the whole set. Allocates at most twice the bytes it reads
    /// and 1 MiB.
    /// </summary>
    /// <param name="path">Path of a file of the model.</param>
    /// <param name="keep">Receives the files, open; the caller closes them, also after an error. Null closes them here.</param>
    /// <exception cref="ModelFormatException">A file is missing, unreadable, malformed or incomplete.</exception>
    public static GgufModel Open(string path, ModelFiles? keep = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        return new ModelReader(keep).Read(path);
    }

    /// <summary>The tensor of that name, or null.</summary>
    public TensorInfo? Find(string name) => _tensors.Find(name);

    /// <summary>The same model with empty <see cref="Metadata"/>, so that vocabulary and templates can be collected.</summary>
    public GgufModel WithoutMetadata() => new(Files, new GgufMetadata(Files[0], 0), _tensors, Architecture, Version);
}
