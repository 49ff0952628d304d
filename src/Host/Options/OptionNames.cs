using System.CommandLine;

namespace LayerStream.Host.Options;

/// <summary>Names of options as environment and configuration file use them.</summary>
internal static class OptionNames
{
    /// <summary>Name of an option, without its dashes.</summary>
    public static string NameOf(Option option) => option.Name.TrimStart('-');

    /// <summary>Every name of the command line: the common options and those of all verbs.</summary>
    public static IReadOnlyList<string> Of(ParseResult parse) =>
    [
        .. CommonOptions.Names
            .Concat(parse.RootCommandResult.Command.Subcommands.SelectMany(verb => verb.Subcommands.Prepend(verb))
            .SelectMany(c => c.Options).Select(NameOf))
            .Distinct(),
    ];
}
