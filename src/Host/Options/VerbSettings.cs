using System.Collections;
using System.CommandLine;
using System.CommandLine.Help;
using LayerStream.Session;

namespace LayerStream.Host.Options;

/// <summary>Binds the options of a verb like the common ones: flag, else environment, else configuration file, else default.</summary>
internal static class VerbSettings
{
    private const string Prefix = "LAYERSTREAM__";
    private static readonly string[] s_notOptions = ["config", "debug"];

    /// <summary>The arguments with what environment and file say for the options of the parsed verb that have no flag.</summary>
    /// <exception cref="UsageException">A variable of ours that names no option, or a bad configuration file.</exception>
    public static string[] Complete(ParseResult parse, string[] args)
    {
        CheckVariables(OptionNames.Of(parse));
        Command verb = parse.CommandResult.Command;
        Option[] open = [.. verb.Options.Where(o => !o.Recursive && o is not (HelpOption or VersionOption)
            && parse.GetResult(o) is null or { Implicit: true })];
        if (verb is RootCommand || open.Length == 0)
        {
            return args;
        }

        SettingSource source = new(parse);
        return [.. args, .. open.SelectMany(o => source.GetList(OptionNames.NameOf(o)).Select(value => $"{o.Name}={value}"))];
    }

    private static void CheckVariables(IReadOnlyList<string> known)
    {
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            string name = (string)variable.Key;
            if (name.StartsWith(Prefix, StringComparison.Ordinal)
                && !known.Concat(s_notOptions)
                .Any(n => string.Equals(n.Replace('-', '_'), name[Prefix.Length..], StringComparison.OrdinalIgnoreCase)))
            {
                throw new UsageException($"The environment variable {name} names no option. Known: {string.Join(", ", known)}.");
            }
        }
    }
}
