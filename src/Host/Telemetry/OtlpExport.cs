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
    private const int GrpcPort = 4317; // by the specification; HTTP has 4318

    private readonly TracerProvider _traces;
    private readonly MeterProvider _metrics;

    private OtlpExport(Uri? endpoint)
    {
        string version = typeof(OtlpExport).Assembly.GetName().Version?.ToString() ?? "";
        ResourceBuilder resource = ResourceBuilder.CreateDefault();
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OTEL_SERVICE_NAME")))
        {
            resource.AddService("layerstream", serviceVersion: version);
        }

        _traces = Sdk.CreateTracerProviderBuilder().AddSource(TelemetryNames.Source).SetResourceBuilder(resource)
            .AddOtlpExporter(o => Configure(o, endpoint, "v1/traces")).Build();
        _metrics = Sdk.CreateMeterProviderBuilder().AddMeter(TelemetryNames.Source).SetResourceBuilder(resource)
            .AddOtlpExporter(o => Configure(o, endpoint, "v1/metrics")).Build();
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

    // The library takes an endpoint of code for complete, and speaks gRPC unless told otherwise.
    private static void Configure(OtlpExporterOptions options, Uri? endpoint, string path)
    {
        if (endpoint is null)
        {
            return;
        }

        bool isChosen = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_PROTOCOL"));
        options.Protocol = isChosen ? options.Protocol
            : endpoint.Port == GrpcPort ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
        options.Endpoint = options.Protocol == OtlpExportProtocol.Grpc ? endpoint
            : new Uri(endpoint.AbsoluteUri.TrimEnd('/') + "/" + path);
    }
}
