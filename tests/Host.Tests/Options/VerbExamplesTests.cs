using System.CommandLine;
using LayerStream.Host.Options;

namespace LayerStream.Host.Tests.Options;

/// <summary>Whoever does not know a verb copies an example of its help.</summary>
[Collection(CapturedError.Collection)]
public sealed class VerbExamplesTests
{
    public static TheoryData<string> Verbs => [.. Leaves(VerbTable.CreateRoot()).Select(v => v.Name)];

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Help_OfAVerb_HasExamplesThatItTakes(string name)
    {
        RootCommand root = VerbTable.CreateRoot();
        Command verb = Leaves(root).First(v => v.Name == name);
        Assert.NotEmpty(VerbExamples.Of(verb));
        foreach (string line in VerbExamples.Of(verb))
        {
            string command = line[line.IndexOf("layerstream ", StringComparison.Ordinal)..].Split(" < ")[0].TrimEnd(')');
            ParseResult parse = root.Parse(command["layerstream ".Length..]);
            Assert.Empty(parse.Errors);
            Assert.Same(verb, parse.CommandResult.Command);
            Assert.Null(CommonOptions.Useless(parse, VerbTable.Uses(root, parse)));
        }
    }

    [Fact]
    public void Help_OfAVerb_EndsWithExamplesAndExitCodes()
    {
        StringWriter output = new();
        ParseResult parse = VerbTable.CreateRoot().Parse("trace diff --help");
        Assert.Empty(parse.Errors);
        parse.Invoke(new InvocationConfiguration { Output = output });
        Assert.Contains("layerstream trace diff before.lstrace after.lstrace", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("130 interrupted", output.ToString(), StringComparison.Ordinal);
    }

    private static IEnumerable<Command> Leaves(Command command) => command.Subcommands.Count == 0 ? [command]
        : command.Subcommands.SelectMany(Leaves);
}
