using System.Runtime.CompilerServices;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace LayerStream.Host.Telemetry;

/// <summary>Sends spans and metrics to a collector. Only touched when one is configured, so that its libraries load only then.</summary>
internal sealed class OtlpExport : IDisposable
{
    private readonly TracerProvider _traces;
    private readonly MeterProvider _metrics;

    private OtlpExport(Uri? endpoint)
    {
        _traces = Sdk.CreateTracerProviderBuilder().AddSource(TelemetryNames.Source)
            .ConfigureResource(r => r.AddService("layerstream")).AddOtlpExporter(o => Configure(o, endpoint)).Build();
        _metrics = Sdk.CreateMeterProviderBuilder().AddMeter(TelemetryNames.Source)
            .ConfigureResource(r => r.AddService("layerstream")).AddOtlpExporter(o => Configure(o, endpoint)).Build();
    }

    /// <summary>Starts the export; null = the endpoint of the environment.</summary>
    /// <exception cref="UriFormatException">The endpoint is no URI.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static IDisposable Start(string? endpoint) => new OtlpExport(string.IsNullOrEmpty(endpoint) ? null : new Uri(endpoint));

    /// <inheritdoc/>
    public void Dispose()
    {
        _traces.Dispose();
        _metrics.Dispose();
    }

    private static void Configure(OtlpExporterOptions options, Uri? endpoint)
    {
        if (endpoint is not null)
        {
            options.Endpoint = endpoint;
        }
    }
}
