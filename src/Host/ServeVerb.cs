using System.CommandLine;
using System.Runtime.CompilerServices;
using LayerStream.Host.Options;
using LayerStream.Host.Server;
using LayerStream.Session;
using LayerStream.Session.Catalogue;

namespace LayerStream.Host;

/// <summary><c>serve</c>: the HTTP daemon.</summary>
public static class ServeVerb
{
    private const int MostDrainSeconds = 24 * 3600;
    private const int DefaultQueueLimit = 8;
    private const int MostWaiting = 4096;
    private static readonly Option<string> s_urls = new("--urls")
    {
        Description = "addresses to listen on, separated by semicolons: http://host:port, https://host:port, unix:/path",
        DefaultValueFactory = _ => "http://127.0.0.1:5099",
    };

    private static readonly Option<string?> s_apiKeyFile = new("--api-key-file")
    {
        Description = "file whose lines are the keys that open it: as bearer token or x-api-key; read again on SIGHUP",
    };

    private static readonly Option<string?> s_tlsCertificate = new("--tls-certificate")
    {
        Description = "certificate for https: a PEM file, or .pfx without a password; read again on SIGHUP",
    };

    private static readonly Option<string?> s_tlsKey = new("--tls-key")
    {
        Description = "PEM file of the certificate's key (default: in the same file)",
    };

    private static readonly Option<int> s_queueLimit =
        CheckedOption.Whole("--queue-limit", "requests that may wait behind the running ones", 0, MostWaiting, DefaultQueueLimit);

    private static readonly Option<bool> s_allowRemote = new("--allow-remote")
    {
        Description = "listen on addresses other than this machine's own",
    };

    private static readonly Option<string?> s_allowedHosts = new("--allowed-hosts")
    {
        Description = "names under which a proxy or container calls it, beside localhost; separated by semicolons, * = any",
    };

    private static readonly Option<string?> s_corsOrigin = new("--cors-origin")
    {
        Description = "origins whose web pages may call it, e.g. http://localhost:3000; separated by semicolons, * = any",
    };

    private static readonly Option<int> s_drainSeconds = CheckedOption.Whole("--drain-seconds",
        "how long running answers may go on after SIGTERM", 0, MostDrainSeconds, DaemonOptions.DefaultDrainSeconds);

    private static readonly Option<string?> s_filesDir = new("--files-dir")
    {
        Description = "folder of /v1/files and /v1/batches (default: none, and both are refused)",
    };

    private static readonly Option<string?> s_filesSize = new("--files-size")
    {
        Description = "most bytes that the files in it take together (default: 4GiB)",
    };

    private static readonly Option<string?> s_otlpEndpoint = new("--otlp-endpoint")
    {
        Description = "collector of traces and metrics, e.g. http://127.0.0.1:4318; default: OTEL_EXPORTER_OTLP_ENDPOINT, or none",
    };

    private static readonly Option<bool> s_noSwitch = new("--no-switch") { Description = "serve one model, whatever requests name" };

    private static readonly Option<int> s_switchSeconds = CheckedOption.Whole("--switch-seconds",
        "how long answers of the loaded model may go on once another is asked for", 0, MostDrainSeconds,
        DaemonOptions.DefaultSwitchSeconds);

    private static readonly Option<int> s_idleUnload = CheckedOption.Whole("--idle-unload",
        "seconds after which a model that nobody uses is unloaded, to be loaded again when it is asked for; 0 = never", 0, int.MaxValue,
        usual: 0);

    private static readonly Option<bool> s_allowDelete = new("--allow-delete")
    {
        Description = "let requests delete model files (DELETE /api/delete)",
    };

    private static readonly Option<string?> s_presets = new("--presets")
    {
        Description = "JSON file of models under names of their own, with settings of their own",
    };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command verb = new("serve", "Serves the model over HTTP.")
        {
            s_urls, s_apiKeyFile, s_tlsCertificate, s_tlsKey, s_allowRemote, s_allowedHosts, s_corsOrigin, s_queueLimit, s_drainSeconds,
            s_filesDir, s_filesSize, s_otlpEndpoint, s_noSwitch, s_switchSeconds, s_idleUnload, s_presets, s_allowDelete,
        };
        verb.ShowExamples(
            "layerstream serve --model models/big.gguf --memory-budget 4GiB",
            "layerstream serve --models models --sequences 4 --urls http://127.0.0.1:8080");
        verb.SetAction(StartAsync);
        return verb;
    }

    // Kept apart so that no other verb loads ASP.NET.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Task<int> StartAsync(ParseResult parse, CancellationToken ct)
    {
        int drainSeconds = parse.GetValue(s_drainSeconds);
        int queueLimit = parse.GetValue(s_queueLimit);
        int switchSeconds = parse.GetValue(s_switchSeconds);
        int idleSeconds = parse.GetValue(s_idleUnload);
        IReadOnlyList<ModelPreset> presets = Presets(parse);
        bool hasFolders = CommonOptions.IsSet(parse, "models");
        bool startsEmpty = hasFolders && !CommonOptions.IsSet(parse, "model");
        if (startsEmpty && parse.GetValue(s_noSwitch))
        {
            throw new UsageException("--no-switch needs --model: the one model to serve.");
        }

        ModelOptions model = CommonOptions.Bind(parse, startsEmpty ? "" : null);
        DaemonOptions options = new(
            model, parse.GetRequiredValue(s_urls), parse.GetValue(s_apiKeyFile), parse.GetValue(s_allowRemote),
            queueLimit)
        {
            TlsCertificate = parse.GetValue(s_tlsCertificate),
            TlsKey = parse.GetValue(s_tlsKey),
            AllowedHosts = List(parse.GetValue(s_allowedHosts)),
            CorsOrigins = List(parse.GetValue(s_corsOrigin)),
            FilesFolder = parse.GetValue(s_filesDir),
            FilesBytes = FilesBytes(parse.GetValue(s_filesSize), parse.GetValue(s_filesDir)),
            OtlpEndpoint = Collector(parse.GetValue(s_otlpEndpoint)),
            DrainTime = TimeSpan.FromSeconds(drainSeconds),
            Switches = !parse.GetValue(s_noSwitch)
                && (hasFolders || idleSeconds > 0 || presets.Count > 0 || ModelCatalogue.Of(model.ModelFolders).Entries.Count > 0),
            SwitchTime = TimeSpan.FromSeconds(switchSeconds),
            IdleTime = idleSeconds == 0 ? null : TimeSpan.FromSeconds(idleSeconds),
            Presets = presets,
            AllowsDelete = parse.GetValue(s_allowDelete),
        };
        return Daemon.RunAsync(options, ct);
    }

    /// <summary>The presets of the file that is named, if one is.</summary>
    private static IReadOnlyList<ModelPreset> Presets(ParseResult parse) =>
        parse.GetValue(s_presets) is { Length: > 0 } file ? PresetFile.Read(file, parse) : [];

    private static long FilesBytes(string? size, string? folder) => size is null ? DaemonOptions.DefaultFilesBytes
        : folder is not null ? CommonOptions.Size("files-size", size)
        : throw new UsageException("--files-size has no use without --files-dir.");

    private static string? Collector(string? text) =>
        string.IsNullOrEmpty(text) || (Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme is ("http" or "https")) ? text
            : throw new UsageException($"--otlp-endpoint must be an address such as http://127.0.0.1:4318, not \"{text}\".");

    private static string[] List(string? text) =>
        (text ?? "").Split([';', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
