using System.CommandLine;
using LayerStream.Sampling.Grammars;
using LayerStream.Session;

namespace LayerStream.Host.Options;

/// <summary>The options that say what an answer must be a text of.</summary>
/// <param name="schema">Name of the option with a file of a JSON Schema.</param>
/// <param name="gbnf">Name of the option with a file of a grammar.</param>
internal sealed class GrammarFlags(string schema, string gbnf)
{
    private readonly Option<string?> _schema = new(schema) { Description = "JSON Schema in this file" };
    private readonly Option<string?> _gbnf = new(gbnf) { Description = "grammar in GBNF in this file" };
    private readonly Option<string?> _regex = new("--regex") { Description = "regular expression of the whole text" };
    private readonly Option<string[]> _choices = new("--choices") { Description = "a text among which to choose (repeatable)" };

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command verb)
    {
        verb.Add(_schema);
        verb.Add(_gbnf);
        verb.Add(_regex);
        verb.Add(_choices);
    }

    /// <summary>The grammar that was asked for, or null. Errors: as <see cref="GrammarSources.Read"/>.</summary>
    public Grammar? Read(ParseResult parse, bool checks = false) => GrammarSources.Read(Given(parse), checks);

    /// <summary>What was given, unread.</summary>
    public GrammarSources.Given Given(ParseResult parse) =>
        new(parse.GetValue(_schema), parse.GetValue(_gbnf), parse.GetValue(_regex), parse.GetValue(_choices) ?? []);
}
