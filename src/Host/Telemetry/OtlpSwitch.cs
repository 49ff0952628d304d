namespace LayerStream.Host.Telemetry;

/// <summary>Decides whether telemetry is exported, without loading the exporter.</summary>
internal static class OtlpSwitch
{
    /// <summary>Starts the export if the options or the environment ask for one; otherwise null.</summary>
    public static IDisposable? Start(string? endpoint) =>
        string.IsNullOrEmpty(endpoint) && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT"))
            ? null
            : OtlpExport.Start(endpoint);
}
