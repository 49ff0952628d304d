using System.CommandLine;
using System.Text;
using System.Text.Json;
using LayerStream.Host.Options;
using LayerStream.Host.Terminal;
using LayerStream.Sampling.Grammars;
using LayerStream.Sampling.Grammars.States;
using LayerStream.Session;

namespace LayerStream.Host.Verbs;

/// <summary><c>grammar</c>: whether texts are accepted by a schema, grammar, pattern or list of choices.</summary>
public static class GrammarVerb
{
    private static readonly GrammarFlags s_flags = new("--schema", "--gbnf");
    private static readonly Option<bool> s_jsonl =
        new("--jsonl") { Description = "stdin lines {\"text\"} to lines {\"accepts\",\"prefix\"}; without it, all of stdin is the text" };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command verb = new("grammar", "Checks texts against a schema or grammar.") { s_jsonl };
        s_flags.AddTo(verb);
        verb.SetAction(Run);
        return verb;
    }

    private static int Run(ParseResult parse)
    {
        Grammar grammar;
        try
        {
            grammar = s_flags.Read(parse, checks: true)
                ?? throw new UsageException("grammar takes --schema, --gbnf, --regex or --choices.");
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
