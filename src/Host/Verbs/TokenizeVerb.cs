using System.CommandLine;
using System.Text.Json;
using LayerStream.Formats;
using LayerStream.Host.Options;
using LayerStream.Host.Terminal;
using LayerStream.Session;
using LayerStream.Session.Reports;
using LayerStream.Tokenization;

namespace LayerStream.Host.Verbs;

/// <summary><c>tokenize</c>: text to ids; works on files that hold a vocabulary only.</summary>
public static class TokenizeVerb
{
    private static readonly Argument<string?> s_text = new("text") { Description = "the text", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<bool> s_jsonl =
        new("--jsonl") { Description = "stdin lines {\"text\",\"special\",\"bos\"} to lines {\"ids\"}" };
    private static readonly Option<bool> s_special = new("--special") { Description = "recognise special tokens in the text" };
    private static readonly Option<bool> s_bos = new("--bos") { Description = "add the tokens the model wants around a text" };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command verb = new("tokenize", "Turns text into token ids.") { s_text, s_jsonl, s_special, s_bos };
        verb.ShowExamples("layerstream tokenize \"Hello, sea\"", "layerstream tokenize --jsonl --model models/big.gguf < texts.jsonl");
        verb.SetAction(parse => Run(parse));
        return verb;
    }

    private static int Run(ParseResult parse)
    {
        string? text = parse.GetValue(s_text);
        bool lines = parse.GetValue(s_jsonl);
        if (lines == (text is not null))
        {
            throw new UsageException("tokenize takes either a text or --jsonl.");
        }

        Tokenizer tokenizer = Tokenizer.FromMetadata(GgufModel.Open(CommonOptions.Bind(parse).ModelPath).Metadata);
        if (tokenizer.Warning is { } warning)
        {
            Console.Error.WriteLine(warning);
        }

        if (!lines)
        {
            int[] ids = tokenizer.Encode(text!, parse.GetValue(s_bos), parse.GetValue(s_special));
            StandardOutput.WriteJson(new IdsReport(ids), ReportJson.Default.IdsReport);
            return Failures.Success;
        }

        return JsonLines.Run(line =>
        {
            string given = JsonLines.Text(line, "text");
            return new IdsReport(tokenizer.Encode(given, addSpecial: Flag(line, "bos"), parseSpecial: Flag(line, "special")));
        }, ReportJson.Default.IdsReport);
    }

    private static bool Flag(JsonElement line, string name) => line.TryGetProperty(name, out JsonElement v)
        && v.ValueKind == JsonValueKind.True;
}
