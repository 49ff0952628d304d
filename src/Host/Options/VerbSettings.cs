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
        CheckVariables();
        Command verb = parse.CommandResult.Command;
        Option[] open = [.. verb.Options.Where(o => !o.Recursive && o is not (HelpOption or VersionOption) && parse.GetResult(o) is null or { Implicit: true })];
        if (verb is RootCommand || open.Length == 0)
        {
            return args;
        }

        SettingSource source = new(CommonOptions.ConfigPath(parse));
        return [.. args, .. open.SelectMany(o => source.GetList(NameOf(o)).Select(value => $"{o.Name}={value}"))];
    }

    /// <summary>Name of an option in environment and file.</summary>
    public static string NameOf(Option option) => option.Name.TrimStart('-');

    private static void CheckVariables()
    {
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            string name = (string)variable.Key;
            if (name.StartsWith(Prefix, StringComparison.Ordinal)
                && !VerbTable.OptionNames.Concat(s_notOptions).Any(n => string.Equals(n.Replace('-', '_'), name[Prefix.Length..], StringComparison.OrdinalIgnoreCase)))
            {
                throw new UsageException($"The environment variable {name} names no option. Known: {string.Join(", ", VerbTable.OptionNames)}.");
            }
        }
    }
}
