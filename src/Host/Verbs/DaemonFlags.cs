using System.CommandLine;
using LayerStream.Host.Options;
using LayerStream.Host.Remote;
using LayerStream.Session;

namespace LayerStream.Host.Verbs;

/// <summary>The options with which a verb talks to a running daemon instead of loading the model.</summary>
internal sealed class DaemonFlags
{
    private readonly Option<string?> _url = new("--daemon") { Description = "ask the daemon at this address instead of loading the model" };
    private readonly Option<string?> _keyFile =
        new("--key-file") { Description = "file whose first line is the key that the daemon asks for" };

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command verb)
    {
        verb.Add(_url);
        verb.Add(_keyFile);
    }

    /// <summary>The daemon that was asked for; null = none.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="local">Options of the verb that only a model loaded here can serve.</param>
    /// <exception cref="UsageException">A flag has no effect with a daemon, or the address is none.</exception>
    public RemoteModel? Open(ParseResult parse, params Option[] local)
    {
        if (parse.GetValue(_url) is not { } url)
        {
            return null;
        }

        string? useless = CommonOptions.Useless(parse, CommonUse.Sampling | CommonUse.Model)
            ?? local.Where(o => parse.GetResult(o) is { Implicit: false }).Select(o => o.Name).FirstOrDefault()
            ?? new[] { "--chat-template", "--parse-special" }.FirstOrDefault(n => parse.GetResult(n) is { } r && !IsImplicit(r));
        return useless is null ? RemoteModel.At(url, parse.GetValue(_keyFile))
            : throw new UsageException($"{useless} has no use with --daemon: the daemon's own settings count.");
    }

    /// <summary>The name under which the daemon is asked for its model.</summary>
    public static string ModelName(ParseResult parse) => parse.GetValue<string?>("--model") is not { Length: > 0 } model ? "default"
        : File.Exists(model) ? LoadedModel.IdOf(model) : model;

    private static bool IsImplicit(System.CommandLine.Parsing.SymbolResult result) =>
        result is System.CommandLine.Parsing.OptionResult { Implicit: true };
}
