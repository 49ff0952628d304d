namespace LayerStream.Host.Telemetry;

/// <summary>One series of a histogram.</summary>
/// <param name="Bounds">Upper bounds of the buckets in seconds; a last bucket takes what is above.</param>
/// <param name="Counts">Of each bucket, not cumulative.</param>
/// <param name="Sum">Seconds.</param>
/// <param name="Labels">By the names of OpenTelemetry.</param>
internal sealed record HistogramSample(IReadOnlyList<double> Bounds, long[] Counts, double Sum, params MetricLabel[] Labels);
