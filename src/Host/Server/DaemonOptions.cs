using LayerStream.Session;

namespace LayerStream.Host.Server;

/// <summary>What the daemon serves, where, and to whom.</summary>
/// <param name="Model">The model, its budget and the defaults of requests.</param>
/// <param name="Urls">Addresses to listen on, separated by semicolons: http, https, or the path of a socket behind unix:.</param>
/// <param name="ApiKeyFile">A file with one key per line; null = no key is asked for.</param>
/// <param name="AllowRemote">Permits addresses other than loopback; needs a key file.</param>
/// <param name="QueueLimit">Requests that may wait behind the running one.</param>
/// <param name="OtlpEndpoint">Where to send telemetry; null = only if OTEL_EXPORTER_OTLP_ENDPOINT is set.</param>
public sealed record DaemonOptions(
    ModelOptions Model,
    string Urls = DaemonOptions.DefaultUrls,
    string? ApiKeyFile = null,
    bool AllowRemote = false,
    int QueueLimit = 8,
    string? OtlpEndpoint = null)
{
    /// <summary>How long running answers may go on once the daemon is asked to end.</summary>
    public TimeSpan DrainTime { get; init; } = TimeSpan.FromSeconds(DefaultDrainSeconds);

    /// <summary>File of the certificate for https addresses; null = there are none.</summary>
    public string? TlsCertificate { get; init; }

    /// <summary>File of its key; null = in the same file.</summary>
    public string? TlsKey { get; init; }

    /// <summary>Names beside loopback under which it is called, such as that of a reverse proxy; <c>*</c> = any.</summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>Origins whose pages may call it; <c>*</c> = any.</summary>
    public IReadOnlyList<string> CorsOrigins { get; init; } = [];

    /// <summary>Folder of files and batches; null = there are none.</summary>
    public string? FilesFolder { get; init; }

    /// <summary>Most bytes that they take together.</summary>
    public long FilesBytes { get; init; } = DefaultFilesBytes;

    /// <summary>Bytes of files unless told otherwise.</summary>
    public const long DefaultFilesBytes = 4L << 30;

    /// <summary>Seconds of draining unless told otherwise.</summary>
    public const int DefaultDrainSeconds = 30;

    /// <summary>Where the daemon listens unless told otherwise.</summary>
    public const string DefaultUrls = "http://127.0.0.1:5099";
}
