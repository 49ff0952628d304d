using System.CommandLine;
using System.Text;
using System.Text.Json;
using LayerStream.Host.Terminal;
using LayerStream.Sampling.Grammars;
using LayerStream.Sampling.Grammars.States;
using LayerStream.Session;

namespace LayerStream.Host.Verbs;

/// <summary><c>grammar</c>: whether texts are accepted by a schema, grammar, pattern or list of choices.</summary>
public static class GrammarVerb
{
    private static readonly Option<string?> s_schema = new("--schema") { Description = "JSON Schema in this file" };
    private static readonly Option<string?> s_gbnf = new("--gbnf") { Description = "GBNF grammar in this file" };
    private static readonly Option<string?> s_regex = new("--regex") { Description = "regular expression" };
    private static readonly Option<string[]> s_choices = new("--choice") { Description = "a text that is accepted (repeatable)" };
    private static readonly Option<bool> s_jsonl =
        new("--jsonl") { Description = "stdin lines {\"text\"} to lines {\"accepts\",\"prefix\"}; without it, all of stdin is the text" };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command verb = new("grammar", "Checks texts against a schema or grammar.") { s_schema, s_gbnf, s_regex, s_choices, s_jsonl };
        verb.SetAction(Run);
        return verb;
    }

    private static int Run(ParseResult parse)
    {
        Grammar grammar;
        try
        {
            grammar = GrammarSources.Read(new GrammarSources.Given(
                parse.GetValue(s_schema), parse.GetValue(s_gbnf), parse.GetValue(s_regex), parse.GetValue(s_choices) ?? []), checks: true)
                ?? throw new UsageException("grammar takes --schema, --gbnf, --regex or --choice.");
        }
        catch (GrammarException e)
        {
            StandardOutput.WriteJson(json =>
            {
                json.WriteString("error", e.Message);
                json.WriteString("fault", e.Fault.ToString().ToLowerInvariant());
                json.WriteString("feature", e.Feature);
            });
            return Failures.Failed;
        }

        if (parse.GetValue(s_jsonl))
        {
            return JsonLines.Run((line, json) => Write(json, grammar.Match(Encoding.UTF8.GetBytes(line.GetProperty("text").GetString()!))));
        }

        using MemoryStream text = new();
        using Stream input = Console.OpenStandardInput();
        input.CopyTo(text);
        (bool accepts, bool isPrefix) = grammar.Match(text.GetBuffer().AsSpan(0, (int)text.Length));
        StandardOutput.WriteJson(json => Write(json, (accepts, isPrefix)));
        return accepts ? Failures.Success : Failures.Failed;
    }

    private static void Write(Utf8JsonWriter json, (bool Accepts, bool IsPrefix) match)
    {
        json.WriteBoolean("accepts", match.Accepts);
        json.WriteBoolean("prefix", match.IsPrefix);
    }
}
