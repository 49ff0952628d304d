using System.CommandLine;
using System.Text;
using LayerStream.Host.Options;
using LayerStream.Host.Terminal;
using LayerStream.Sampling.Grammars;
using LayerStream.Sampling.Grammars.States;
using LayerStream.Session;
using LayerStream.Session.Reports;

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
        verb.ShowExamples(
            "layerstream grammar --schema person.json < answer.json",
            "layerstream grammar --regex \"[0-9]+\" --jsonl < texts.jsonl");
        verb.SetAction(Run);
        return verb;
    }

    private static int Run(ParseResult parse)
    {
        Grammar? grammar;
        try
        {
            grammar = s_flags.Read(parse, checks: true)
                ?? throw new UsageException("grammar takes --schema, --gbnf, --regex or --choices.");
        }
        catch (GrammarException e) when (e.Fault == GrammarFault.Empty && parse.GetValue(s_jsonl))
        {
            Console.Error.WriteLine(e.Message);
            grammar = null; // no text is accepted, and none begins one
        }
        catch (GrammarException e)
        {
            GrammarFaultReport fault = new(e.Message, e.Fault.ToString().ToLowerInvariant(), e.Feature);
            StandardOutput.WriteJson(fault, ReportJson.Default.GrammarFaultReport);
            return Failures.Failed;
        }

        if (parse.GetValue(s_jsonl))
        {
            return JsonLines.Run(line => Match(grammar, Encoding.UTF8.GetBytes(JsonLines.Text(line, "text"))),
                ReportJson.Default.MatchReport);
        }

        using MemoryStream text = new();
        using Stream input = StandardStreams.OpenInput();
        input.CopyTo(text);
        MatchReport match = Match(grammar, text.GetBuffer().AsSpan(0, (int)text.Length));
        StandardOutput.WriteJson(match, ReportJson.Default.MatchReport);
        return match.Accepts ? Failures.Success : Failures.Failed;
    }

    private static MatchReport Match(Grammar? grammar, ReadOnlySpan<byte> text)
    {
        (bool accepts, bool isPrefix) = grammar?.Match(text) ?? (false, false);
        return new MatchReport(accepts, isPrefix);
    }
}
