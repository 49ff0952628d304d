using System.CommandLine;
using System.Runtime.CompilerServices;
using LayerStream.Host.Options;
using LayerStream.Host.Server;
using LayerStream.Session;

namespace LayerStream.Host;

/// <summary><c>serve</c>: the HTTP daemon.</summary>
public static class ServeVerb
{
    private static readonly Option<string> s_urls = new("--urls")
    {
        Description = "addresses to listen on, separated by semicolons",
        DefaultValueFactory = _ => "http://127.0.0.1:5099"
    };
    private static readonly Option<string?> s_apiKeyFile =
        new("--api-key-file") { Description = "file whose content callers must give as bearer token" };
    private static readonly Option<bool> s_allowRemote =
        new("--allow-remote") { Description = "listen on addresses other than this machine's own" };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command verb = new("serve", "Serves the model over HTTP.") { s_urls, s_apiKeyFile, s_allowRemote };
        verb.SetAction((parse, ct) => StartAsync(
            CommonOptions.Bind(parse), parse.GetRequiredValue(s_urls), parse.GetValue(s_apiKeyFile), parse.GetValue(s_allowRemote), ct));
        return verb;
    }

    // Kept apart so that no other verb loads ASP.NET.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Task<int> StartAsync(ModelOptions options, string urls, string? apiKeyFile, bool allowRemote, CancellationToken ct) =>
        Daemon.RunAsync(new DaemonOptions(options, urls, apiKeyFile, allowRemote), ct);
}
