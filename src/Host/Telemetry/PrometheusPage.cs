using System.Globalization;
using System.Text;

namespace LayerStream.Host.Telemetry;

/// <summary>Writes metrics in Prometheus' text format.</summary>
internal sealed class PrometheusPage
{
    private readonly StringBuilder _text = new(4096);

    /// <summary>Starts a metric.</summary>
    public PrometheusPage Metric(string name, string type, string help)
    {
        _text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");
        return this;
    }

    /// <summary>Adds a sample without labels.</summary>
    public PrometheusPage Sample(string name, double value) => Line(name, "", value);

    /// <summary>Adds a sample with one label.</summary>
    public PrometheusPage Sample(string name, string label, string labelValue, double value) =>
        Line(name, $"{{{label}=\"{Escape(labelValue)}\"}}", value);

    /// <summary>Adds a whole histogram.</summary>
    public PrometheusPage Histogram(string name, string help, BucketCounts counts)
    {
        Metric(name, "histogram", help);
        (long[] buckets, double sum) = counts.Snapshot();
        long total = 0;
        for (int i = 0; i < buckets.Length; i++)
        {
            total += buckets[i];
            string bound = i < BucketCounts.Bounds.Count ? BucketCounts.Bounds[i].ToString(CultureInfo.InvariantCulture) : "+Inf";
            Sample(name + "_bucket", "le", bound, total);
        }

        return Sample(name + "_sum", sum).Sample(name + "_count", total);
    }

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();

    private static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);

    private PrometheusPage Line(string name, string labels, double value)
    {
        _text.Append(CultureInfo.InvariantCulture, $"{name}{labels} {value}\n");
        return this;
    }
}
