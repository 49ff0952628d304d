namespace LayerStream.Host.Telemetry;

/// <summary>A metric: its names, what it means, and how its values are read.</summary>
/// <param name="Name">Of OpenTelemetry: lower case, dots, without a unit.</param>
/// <param name="Kind">How it changes.</param>
/// <param name="Unit">By UCUM: <c>s</c>, <c>By</c>, <c>1</c>, or in braces what is counted.</param>
/// <param name="Labels">Names of its attributes, with the values where they are a closed list.</param>
/// <param name="Note">What it is, in a sentence.</param>
internal sealed record MetricRow(string Name, MetricKind Kind, string Unit, string Labels, string Note)
{
    /// <summary>Values of a counter or gauge; none while there is no model to ask.</summary>
    public Func<MetricView, IEnumerable<MetricSample>> Read { get; init; } = _ => [];

    /// <summary>Series of a histogram.</summary>
    public Func<MetricView, IEnumerable<HistogramSample>> ReadHistogram { get; init; } = _ => [];

    /// <summary>The name for Prometheus, by OpenTelemetry's rule: underscores, the unit in full, <c>_total</c> behind counters.</summary>
    public string PrometheusName
    {
        get
        {
            string unit = Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
            return PrometheusWord(Name) + unit + (Kind == MetricKind.Counter ? "_total" : "");
        }
    }

    /// <summary>A name of OpenTelemetry as Prometheus takes it.</summary>
    public static string PrometheusWord(string name) => name.Replace('.', '_');
}
