using System.Globalization;
using System.Text.RegularExpressions;
using LayerStream.Formats;
using LayerStream.Formats.Writing;
using LayerStream.Models.Synthesis.Shapes;

namespace LayerStream.Models.Synthesis;

/// <summary>A model of a published shape with random weights: its layout, and which tensors share the bytes of others.</summary>
public sealed partial class SyntheticModel
{
    /// <summary>Bytes that both ends of a shared range must be multiples of.</summary>
    public const int ShareGrain = 4096;

    private const long LeastShared = 1 << 20; // smaller ones are not worth an extent

    private SyntheticModel(ModelShape shape, SyntheticOptions options, int layers, IReadOnlyList<SyntheticTensor> tensors,
        GgufLayout layout)
    {
        (Shape, Options, Layers, Tensors, Layout) = (shape, options, layers, tensors, layout);
        Sources = options.PhysicalLayers > 0 ? FindSources(layout.Tensors, options.PhysicalLayers) : new int?[tensors.Count];
        SharedBytes = Sources.Select((source, i) => source is null ? 0 : layout.Tensors[i].Extent.Length).Sum();
    }

    /// <summary>The shape.</summary>
    public ModelShape Shape { get; }

    /// <summary>What was asked for.</summary>
    public SyntheticOptions Options { get; }

    /// <summary>Layers of this file.</summary>
    public int Layers { get; }

    /// <summary>Bytes before the tensors, and where those go.</summary>
    public GgufLayout Layout { get; }

    /// <summary>Bytes of tensors that share extents and take no room.</summary>
    public long SharedBytes { get; }

    /// <summary>Weights, of all layers.</summary>
    public long Parameters => Layout.Tensors.Sum(t => t.Elements);

    /// <summary>What is synthetic, to be said beside every figure taken with the file.</summary>
    public string Provenance =>
        $"shape of {Shape.Title}"
        + (Layers == Shape.Layers ? "" : string.Create(CultureInfo.InvariantCulture, $" cut to {Layers} of {Shape.Layers} layers"))
        + ", random weights"
        + (Shape.Experts == 0 ? "" : Options.Locality == RouterLocality.None
            ? ", random routers (no expert is more popular than another: worse for a cache than any real model)"
            : ", routers with synthetic popularity of experts fitted to recorded routing (no topics that come and go)")
        + (SharedBytes == 0 ? "" : string.Create(CultureInfo.InvariantCulture,
        $", {Options.PhysicalLayers} layers on disk whose extents the others share"));

    internal IReadOnlyList<SyntheticTensor> Tensors { get; }

    /// <summary>For each tensor the one whose bytes it shares, or null.</summary>
    internal int?[] Sources { get; }

    /// <summary>Lays a shape out.</summary>
    /// <param name="shape">A row of <see cref="ModelShapes"/>, or one of the same families.</param>
    /// <param name="vocabulary">Metadata with the tokenizer to copy.</param>
    /// <param name="options">Layers, alignment and so on.</param>
    /// <exception cref="ArgumentException">The vocabulary has no tokens, or the options do not go together.</exception>
    public static SyntheticModel Create(ModelShape shape, GgufMetadata vocabulary, SyntheticOptions options)
    {
        if (options.PhysicalLayers > 0 && options.Alignment % ShareGrain != 0)
        {
            throw new ArgumentException($"Shared extents need an alignment that is a multiple of {ShareGrain}.", nameof(options));
        }

        int tokens = vocabulary.GetStrings("tokenizer.ggml.tokens")?.Count ?? 0;
        if (tokens == 0)
        {
            throw new ArgumentException("The vocabulary file has no tokens (tokenizer.ggml.tokens).", nameof(vocabulary));
        }

        int layers = options.Layers > 0 ? options.Layers : shape.Layers;
        IReadOnlyList<SyntheticTensor> tensors = shape.Tensors(layers, tokens);
        SyntheticModel model = new(shape, options, layers, tensors,
            Lay(shape, options, layers, tensors, tokens, vocabulary, description: ""));
        string description = $"Synthetic: {model.Provenance}.";
        return new SyntheticModel(shape, options, layers, tensors, Lay(shape, options, layers, tensors, tokens, vocabulary, description));
    }

    private static GgufLayout Lay(
        ModelShape shape, SyntheticOptions options, int layers, IReadOnlyList<SyntheticTensor> tensors, int tokens, GgufMetadata vocabulary,
            string description)
    {
        GgufWriter writer = new(options.Alignment);
        writer.AddKey("general.architecture", shape.Architecture);
        writer.AddKey("general.name", $"{shape.Title} shape, synthetic weights");
        writer.AddKey("general.description", description);
        writer.AddKey("general.file_type", shape.Mix.FileType);
        writer.AddKey("general.quantization_version", 2u);
        foreach ((string key, object value) in shape.Keys(layers).Prepend(("block_count", (uint)layers))
            .Append(("vocab_size", (uint)tokens)))
        {
            writer.AddKey($"{shape.Architecture}.{key}", value);
        }

        writer.CopyKeys(vocabulary, "tokenizer.");
        foreach (SyntheticTensor tensor in tensors)
        {
            writer.AddTensor(tensor.Name, tensor.Type, tensor.Shape);
        }

        return writer.Finish();
    }

    /// <summary>Large quantised tensors of later layers share with those of the same name, type and size in the written ones, in
    /// turn.</summary>
    private static int?[] FindSources(IReadOnlyList<TensorInfo> tensors, int physicalLayers)
    {
        Dictionary<(string, TensorType, long), List<int>> written = [];
        int?[] sources = new int?[tensors.Count];
        for (int i = 0; i < tensors.Count; i++)
        {
            TensorInfo tensor = tensors[i];
            Match name = LayerName().Match(tensor.Name);
            if (!name.Success || tensor.Type == TensorType.F32 || tensor.Extent.Length < LeastShared
                || tensor.Extent.Length % ShareGrain != 0)
            {
                continue;
            }

            int layer = int.Parse(name.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);
            (string, TensorType, long) kind = (name.Groups[2].Value, tensor.Type, tensor.Extent.Length);
            if (layer >= physicalLayers && written.TryGetValue(kind, out List<int>? candidates))
            {
                sources[i] = candidates[layer % candidates.Count];
            }
            else if (layer < physicalLayers)
            {
                written.TryAdd(kind, []);
                written[kind].Add(i);
            }
        }

        return sources;
    }

    [GeneratedRegex(@"^blk\.(\d+)\.(.+)$", RegexOptions.CultureInvariant)]
    private static partial Regex LayerName();
}
