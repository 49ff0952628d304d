using System.Globalization;
using LayerStream.Conversion;
using LayerStream.Formats;
using LayerStream.Host.Terminal;
using LayerStream.Memory;
using LayerStream.Session;
using LayerStream.Session.Reports;

namespace LayerStream.Host.Verbs;

/// <summary>What <c>quantize</c> will do that may surprise, and what it did.</summary>
internal sealed class QuantizeReport(QuantizePlan plan, QuantizeTarget target, string path)
{
    /// <summary>What is not as asked for, and what cannot be had back; one line each.</summary>
    public IEnumerable<string> Notes =>
    [
        .. plan.Choices.Where(c => c.FellBack).GroupBy(c => (c.Wanted, c.Type, c.Source.Columns)).Select(g => string.Create(
            CultureInfo.InvariantCulture,
            $"{Tensors(g.Count())} of {g.Key.Columns} columns, no multiple of {TensorTypes.Get(g.Key.Wanted).BlockSize}: "
                + $"{g.Key.Type} instead of {g.Key.Wanted}")),
        .. plan.Choices.Where(c => !c.IsCopy && TensorTypes.Get(c.Source.Type).BlockSize > 1).GroupBy(c => c.Source.Type)
            .Select(g => $"{Tensors(g.Count())} {(g.Count() == 1 ? "is" : "are")} {g.Key} in the model already: what that lost stays lost"),
        .. plan.Apart.Count == 0 ? Array.Empty<string>() : [WhyApart(plan.Apart)],
    ];

    /// <summary>Why gate matrices were not joined with their up matrices.</summary>
    public static string WhyApart(IReadOnlyList<string> gates) => $"gate and up of experts stay apart in {gates.Count} "
        + $"{(gates.Count == 1 ? "layer" : "layers")}, the first with {gates[0]}: their types or shapes differ, or a bias or factor is "
        + "beside them";

    /// <summary>The notes, for people.</summary>
    public void WriteNotes(TextWriter text)
    {
        foreach (string note in Notes)
        {
            text.WriteLine(note);
        }
    }

    /// <summary>The result.</summary>
    public void Write(double seconds, long budgetBytes, bool isJson)
    {
        long weights = plan.Choices.Sum(c => c.Elements), bytes = plan.Layout.Tensors.Sum(t => t.Extent.Length);
        double bitsPerWeight = 8.0 * bytes / Math.Max(1, weights), rate = plan.SourceBytes / Math.Max(1e-3, seconds);
        if (isJson)
        {
            WriteJson(seconds, budgetBytes, weights, bitsPerWeight, rate);
            return;
        }

        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{path}: {target.Name}, {ByteSize.Format(plan.Layout.FileBytes)}, {bitsPerWeight:F2} bits per weight; from "
                + $"{ByteSize.Format(plan.SourceBytes)} in {seconds:F1} s ({rate / 1e6:F0} MB/s read, "
                + $"{weights / 1e6 / Math.Max(1e-3, seconds):F0} million weights/s)"));
        foreach ((TensorType type, int count, long ofType) in ByType())
        {
            Console.Out.WriteLine($"{type,-6}{count,6} tensors{ByteSize.Format(ofType),14}");
        }

        if (PeakMemory.Excess(budgetBytes) is { } excess)
        {
            Console.Error.WriteLine(excess.Text);
        }
    }

    private void WriteJson(double seconds, long budgetBytes, long weights, double bitsPerWeight, double rate) =>
        StandardOutput.WriteJson(new QuantizationReport
        {
            File = path,
            Type = target.Name,
            Tensors = plan.Choices.Count,
            Parameters = weights,
            Bytes = plan.Layout.FileBytes,
            SourceBytes = plan.SourceBytes,
            BitsPerWeight = bitsPerWeight,
            Seconds = seconds,
            ReadBytesPerSecond = rate,
            BudgetBytes = budgetBytes,
            PeakMemoryBytes = PeakMemory.Bytes(),
            Types = [.. ByType().Select(t => new TypeReport(t.Type.ToString(), t.Count, t.Bytes))],
            Notes = [.. Notes],
        }, ReportJson.Default.QuantizationReport);

    private IEnumerable<(TensorType Type, int Count, long Bytes)> ByType() =>
        plan.Layout.Tensors.GroupBy(t => t.Type).Select(g => (g.Key, g.Count(), g.Sum(t => t.Extent.Length)))
            .OrderByDescending(t => t.Item3);

    private static string Tensors(int count) => count == 1 ? "1 tensor" : string.Create(CultureInfo.InvariantCulture, $"{count} tensors");
}
