using System.Collections;
using System.Globalization;
using LayerStream.Formats;
using LayerStream.Memory;

namespace LayerStream.Host.Verbs;

/// <summary>What a model file holds, for people: its size, its tensors by type, its keys. <c>--json</c> has every tensor.</summary>
internal static class InspectReport
{
    private const int MostText = 80; // characters of a value

    /// <summary>The whole report.</summary>
    public static string Render(GgufModel model)
    {
        StringWriter text = new(CultureInfo.InvariantCulture);
        double weights = model.Tensors.Sum(t => (double)t.Elements);
        string files = model.Files.Count == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $" in {model.Files.Count} files");
        text.WriteLine($"{Path.GetFileName(model.Files[0])}: architecture {Printed(model.Architecture ?? "unknown")}, {Count(weights)} "
            + $"weights, {ByteSize.Format(model.Tensors.Sum(t => t.Extent.Length))} of tensors{files}, GGUF version {model.Version}");
        text.WriteLine();
        text.WriteLine($"{"type",-10}{"tensors",8}{"bytes",14}{"bits per weight",18}");
        foreach (IGrouping<TensorType, TensorInfo> type in model.Tensors.GroupBy(t => t.Type)
            .OrderByDescending(g => g.Sum(t => t.Extent.Length)))
        {
            long bytes = type.Sum(t => t.Extent.Length);
            double bitsPerElement = 8.0 * bytes / Math.Max(1, type.Sum(t => t.Elements));
            text.WriteLine($"{TensorTypes.Get(type.Key).Name,-10}{type.Count(),8}{ByteSize.Format(bytes),14}{bitsPerElement,18:F2}");
        }

        text.WriteLine();
        int width = Math.Min(48, model.Metadata.Entries.Select(e => e.Key.Length).DefaultIfEmpty(0).Max());
        foreach ((string key, object value) in model.Metadata.Entries)
        {
            text.WriteLine($"{Printed(key).PadRight(width)}  {Value(value)}");
        }

        return text.ToString();
    }

    private static string Count(double weights) => weights >= 1e9
        ? string.Create(CultureInfo.InvariantCulture, $"{weights / 1e9:F2} billion")
        : string.Create(CultureInfo.InvariantCulture, $"{weights / 1e6:F1} million");

    private static string Value(object value) => value switch
    {
        string text => Printed(text),
        bool flag => flag ? "true" : "false",
        IEnumerable many => string.Create(CultureInfo.InvariantCulture, $"[{many.Cast<object?>().Count()} values]"),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    /// <summary>On one line, without control characters, cut where it is long.</summary>
    private static string Printed(string text)
    {
        string line = new([.. text.Take(MostText).Select(c => char.IsControl(c) ? ' ' : c)]);
        return text.Length > MostText ? string.Create(CultureInfo.InvariantCulture, $"{line}… ({text.Length} characters)") : line;
    }
}
