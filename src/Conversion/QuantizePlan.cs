using LayerStream.Formats;
using LayerStream.Formats.Writing;

namespace LayerStream.Conversion;

/// <summary>A file that is to be written from a model: what becomes of each tensor, and where it goes.</summary>
public sealed class QuantizePlan
{
    private const uint QuantizationVersion = 2;
    private const string AlignmentKey = "general.alignment";
    private const string FileTypeKey = "general.file_type";
    private const string VersionKey = "general.quantization_version";

    private QuantizePlan(GgufModel source, IReadOnlyList<TensorChoice> choices, IReadOnlyList<string> apart, GgufLayout layout) =>
        (Source, Choices, Apart, Layout) = (source, choices, apart, layout);

    /// <summary>The model, without its metadata.</summary>
    public GgufModel Source { get; }

    /// <summary>One for each tensor, in the order of the new file.</summary>
    public IReadOnlyList<TensorChoice> Choices { get; }

    /// <summary>Names of gate matrices of experts that were to be joined with their up matrices and could not be.</summary>
    public IReadOnlyList<string> Apart { get; }

    /// <summary>The new file; its tensors in the order of <see cref="Choices"/>.</summary>
    public GgufLayout Layout { get; }

    /// <summary>Bytes of the model's tensors.</summary>
    public long SourceBytes => Choices.Sum(c => c.Sources.Sum(s => s.Extent.Length));

    /// <summary>Plans a file.</summary>
    /// <param name="model">The model; files of a set become one.</param>
    /// <param name="target">What is wanted.</param>
    /// <param name="output">Type of the output matrix instead of the target's, or null.</param>
    /// <param name="embedding">Type of the embedding instead of the target's, or null.</param>
    /// <param name="fusesExperts">Whether gate and up matrices of experts become one tensor.</param>
    public static QuantizePlan Create(
        GgufModel model, QuantizeTarget target, TensorType? output = null, TensorType? embedding = null, bool fusesExperts = false)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(target);
        GgufMetadata metadata = model.Metadata;
        GgufWriter writer = new((int)metadata.GetInt64(AlignmentKey, GgufWriter.UsualAlignment)); // writes the key itself
        (string Key, uint Value)[] own = target.FileType is { } type ? [(FileTypeKey, type), (VersionKey, QuantizationVersion)] : [];
        foreach (string key in metadata.Keys.Where(k => k != AlignmentKey && !k.StartsWith("split.", StringComparison.Ordinal)))
        {
            if (own.FirstOrDefault(o => o.Key == key) is { Key: not null } replaced)
            {
                writer.AddKey(key, replaced.Value);
            }
            else
            {
                writer.CopyKey(metadata, key);
            }
        }

        foreach ((string key, uint value) in own.Where(o => !metadata.Contains(o.Key)))
        {
            writer.AddKey(key, value);
        }

        TypeChooser chooser = new(target, output, embedding, isTied: model.Find(TypeChooser.OutputName) is null);
        TensorChoice[] choices = [.. model.Tensors.Select(chooser.Choose)];
        IReadOnlyList<string> apart = [];
        if (fusesExperts)
        {
            choices = FusedExperts.Join(choices, out apart);
        }

        foreach (TensorChoice choice in choices)
        {
            writer.AddTensor(choice.Name, choice.Type, [.. choice.Shape]);
        }

        return new QuantizePlan(model.WithoutMetadata(), choices, apart, writer.Finish());
    }
}
