namespace LayerStream.Host.Telemetry;

/// <summary>One value of a counter or gauge.</summary>
/// <param name="Value">In the unit of its row.</param>
/// <param name="Labels">By the names of OpenTelemetry.</param>
internal sealed record MetricSample(double Value, params MetricLabel[] Labels);
