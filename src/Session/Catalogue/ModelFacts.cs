using System.Globalization;
using LayerStream.Formats;
using LayerStream.Models.Building;

namespace LayerStream.Session.Catalogue;

/// <summary>What the files of a model say about it.</summary>
/// <param name="Architecture">Name of the architecture, or null.</param>
/// <param name="Type">The quantisation.</param>
/// <param name="Parameters">How many weights.</param>
/// <param name="Context">Tokens of context it was trained for; 0 = it does not say.</param>
/// <param name="Title">The name it gives itself, or null.</param>
/// <param name="License">Its licence, or null.</param>
/// <param name="HasTemplate">Whether it has a chat template.</param>
/// <param name="Name">Its name, complete.</param>
/// <param name="Gaps">What it needs and this program does not have; empty = it can run.</param>
public sealed record ModelFacts(string? Architecture, string Type, long Parameters, long Context, string? Title, string? License,
    bool HasTemplate, ModelName Name, IReadOnlyList<string> Gaps)
{
    private const int MostText = 200; // characters of a text that is shown

    /// <summary>Of an opened model.</summary>
    /// <exception cref="ModelFormatException">Its metadata makes no sense.</exception>
    public static ModelFacts Of(GgufModel model, CatalogueEntry entry)
    {
        GgufMetadata metadata = model.Metadata;
        long parameters = model.Tensors.Sum(t => t.Elements);
        string type = TypeOf(model, entry.Parts.Quant);
        metadata.TryGetInt64($"{model.Architecture}.context_length", out long context);
        ModelName name = entry.Parts.Completed(Text(metadata, "general.basename") ?? Text(metadata, "general.name"),
            Text(metadata, "general.size_label") ?? Rounded(parameters), type);
        return new ModelFacts(model.Architecture, type, parameters, Math.Max(0, context), Text(metadata, "general.name"),
            Text(metadata, "general.license"), metadata.Contains("tokenizer.chat_template"), name, GapsOf(model));
    }

    /// <summary>The quantisation: as its name says, as its metadata say, or that of most of its bytes.</summary>
    public static string TypeOf(GgufModel model, string? named) => named
        ?? (model.Metadata.TryGetInt64("general.file_type", out long number) ? QuantTag.OfFileType(number) : null)
        ?? model.Tensors.GroupBy(t => t.Type).OrderByDescending(g => g.Sum(t => t.Extent.Length))
            .Select(g => TensorTypes.Get(g.Key).Name).FirstOrDefault() ?? "unknown";

    /// <summary>Weights in three digits: 135M, 8.03B.</summary>
    public static string Rounded(long parameters)
    {
        (double value, string unit) = parameters >= 999_500_000 ? (parameters / 1e9, "B") : parameters >= 999_500 ? (parameters / 1e6, "M")
            : (parameters / 1e3, "K");
        return value.ToString(value < 10 ? "0.##" : value < 100 ? "0.#" : "0", CultureInfo.InvariantCulture) + unit;
    }

    private static IReadOnlyList<string> GapsOf(GgufModel model)
    {
        List<string> gaps = [];
        try
        {
            ModelSpecBuilder.Build(model);
        }
        catch (UnsupportedModelException e)
        {
            gaps.AddRange(e.Gaps);
        }

        if (gaps.Count == 0 && Tokenization.Tokenizer.Unsupported(model.Metadata) is { } gap)
        {
            gaps.Add(gap);
        }

        return gaps;
    }

    /// <summary>A text of the file for one line of a list; null when it is absent, empty or no text.</summary>
    private static string? Text(GgufMetadata metadata, string key)
    {
        string? text;
        try
        {
            text = metadata.GetString(key);
        }
        catch (ModelFormatException)
        {
            return null;
        }

        return string.IsNullOrWhiteSpace(text) ? null
            : new string([.. text.Trim().Take(MostText).Select(c => char.IsControl(c) ? ' ' : c)]);
    }
}
