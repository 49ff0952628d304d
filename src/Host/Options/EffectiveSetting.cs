using System.CommandLine;
using System.CommandLine.Help;
using System.Text.RegularExpressions;
using LayerStream.Session;

namespace LayerStream.Host.Options;

/// <summary>An option with the value in force and where it comes from.</summary>
/// <param name="Name">The option, without dashes.</param>
/// <param name="Verbs">Verbs that take it; empty = all.</param>
/// <param name="Values">Its values; empty = none is set, and <paramref name="Fallback"/> says what happens.</param>
/// <param name="Origin">default, environment, file or command line.</param>
/// <param name="Place">The variable or the file; null for others.</param>
/// <param name="Fallback">The default, in words; null where there is nothing to say.</param>
internal sealed partial record EffectiveSetting(
    string Name, IReadOnlyList<string> Verbs, IReadOnlyList<string> Values, string Origin, string? Place, string? Fallback)
{
    private static readonly string[] s_secret = ["api-key", "key", "password", "token"];

    /// <summary>Every option of the command line, the common ones first.</summary>
    /// <exception cref="UsageException">Variable or file cannot be taken.</exception>
    public static IReadOnlyList<EffectiveSetting> All(ParseResult parse)
    {
        SettingSource source = new(parse);
        Command root = parse.RootCommandResult.Command;
        List<EffectiveSetting> all = [.. root.Options.Where(IsSetting).Select(option => Of(parse, source, option, []))];
        IEnumerable<(string Verb, Option Option)> own = root.Subcommands
            .SelectMany(verb => verb.Subcommands.Select(s => (Name: $"{verb.Name} {s.Name}", Command: s))
                .Prepend((Name: verb.Name, Command: verb)))
            .SelectMany(v => v.Command.Options.Where(o => !o.Recursive && IsSetting(o)).Select(o => (v.Name, o)));
        foreach (IGrouping<string, (string Verb, Option Option)> named in own.GroupBy(o => OptionNames.NameOf(o.Option)))
        {
            all.Add(Of(parse, source, named.First().Option, [.. named.Select(o => o.Verb)]));
        }

        return all;
    }

    private static bool IsSetting(Option option) => option is not (HelpOption or VersionOption) && OptionNames.NameOf(option) != "config";

    private static EffectiveSetting Of(ParseResult parse, SettingSource source, Option option, IReadOnlyList<string> verbs)
    {
        string name = OptionNames.NameOf(option);
        if (parse.GetResult(option) is { Implicit: false } given)
        {
            IReadOnlyList<string> values = given.Tokens.Count == 0 ? ["true"] : [.. given.Tokens.Select(t => t.Value)];
            return new(name, verbs, Shown(name, values), "command line", null, null);
        }

        if (source.Find(name) is { } found)
        {
            return new(name, verbs, Shown(name, found.Values), found.IsVariable ? "environment" : "file", found.Place, null);
        }

        string? fallback = option.HasDefaultValue && option.GetDefaultValue() is { } value and not (false or "")
            ? value.ToString() : Default().Match(option.Description ?? "") is { Success: true } said ? said.Groups[1].Value : null;
        return new(name, verbs, [], "default", null, fallback);
    }

    // What opens doors is not shown, the file that it lies in is.
    private static IReadOnlyList<string> Shown(string name, IReadOnlyList<string> values) =>
        s_secret.Contains(name) ? [.. values.Select(_ => "(set)")] : values;

    [GeneratedRegex(@"default: ([^)]*)\)")]
    private static partial Regex Default();
}
