using System.Globalization;
using System.Text;

namespace LayerStream.Host.Telemetry;

/// <summary>Writes the rows of a table in Prometheus' text format. Every metric is named, with a value or not.</summary>
internal static class PrometheusPage
{
    /// <summary>The page.</summary>
    public static string Write(IReadOnlyList<MetricRow> rows, MetricView view)
    {
        StringBuilder text = new(16 << 10);
        foreach (MetricRow row in rows)
        {
            string name = row.PrometheusName, kind = row.Kind.ToString().ToLowerInvariant();
            text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {row.Note}\n# TYPE {name} {kind}\n");
            foreach (MetricSample sample in row.Read(view))
            {
                Line(text, name, Labels(sample.Labels), sample.Value);
            }

            foreach (HistogramSample series in row.ReadHistogram(view))
            {
                Histogram(text, name, series);
            }
        }

        return text.ToString();
    }

    private static void Histogram(StringBuilder text, string name, HistogramSample series)
    {
        long total = 0;
        string labels = Labels(series.Labels), before = labels.Length == 0 ? "" : labels + ",";
        for (int i = 0; i < series.Counts.Length; i++)
        {
            total += series.Counts[i];
            string bound = i < series.Bounds.Count ? series.Bounds[i].ToString(CultureInfo.InvariantCulture) : "+Inf";
            Line(text, name + "_bucket", $"{before}le=\"{bound}\"", total);
        }

        Line(text, name + "_sum", labels, series.Sum);
        Line(text, name + "_count", labels, total);
    }

    private static string Labels(MetricLabel[] labels) =>
        string.Join(',', labels.Select(l => $"{MetricRow.PrometheusWord(l.Name)}=\"{Escape(l.Value)}\""));

    private static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);

    private static void Line(StringBuilder text, string name, string labels, double value) =>
        text.Append(CultureInfo.InvariantCulture, $"{name}{(labels.Length == 0 ? "" : $"{{{labels}}}")} {value}\n");
}
