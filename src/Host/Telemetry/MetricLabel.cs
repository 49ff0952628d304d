namespace LayerStream.Host.Telemetry;

/// <summary>An attribute of a sample.</summary>
internal readonly record struct MetricLabel(string Name, string Value);
