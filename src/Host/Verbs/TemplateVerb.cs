using System.CommandLine;
using LayerStream.Formats;
using LayerStream.Host.Options;
using LayerStream.Session;
using LayerStream.Session.Reports;
using LayerStream.Templates;
using LayerStream.Templates.Runtime;

namespace LayerStream.Host.Verbs;

/// <summary><c>template</c>: conversations to prompt text.</summary>
public static class TemplateVerb
{
    private static readonly Option<string?> s_template = new("--template") { Description = "template file (default: the model's own)" };
    private static readonly Option<bool> s_jsonl =
        new("--jsonl") { Description = "stdin lines of variables to lines {\"output\"} or {\"error\"} (always so)" };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command verb = new("template", "Renders a chat template over JSON lines from stdin.") { s_template, s_jsonl };
        verb.ShowExamples("layerstream template --model models/big.gguf < conversations.jsonl");
        verb.SetAction(parse => Run(parse));
        return verb;
    }

    private static int Run(ParseResult parse)
    {
        string? gap = null;
        ChatTemplate? template = null;
        try
        {
            template = ChatTemplate.Parse(Source(parse));
        }
        catch (TemplateSyntaxException e)
        {
            gap = e.Message;
        }

        JsonLines.Run(
            line => template is null ? throw new TemplateException(gap!)
                : new RenderingReport(template.Render(TemplateVariables.FromJson(line))),
            ReportJson.Default.RenderingReport);
        if (gap is not null)
        {
            Console.Error.WriteLine(gap);
        }

        return gap is null ? Failures.Success : Failures.Failed;
    }

    private static string Source(ParseResult parse)
    {
        if (parse.GetValue(s_template) is { } path)
        {
            return File.ReadAllText(path);
        }

        string model = CommonOptions.Bind(parse).ModelPath;
        return GgufModel.Open(model).Metadata.GetString("tokenizer.chat_template")
            ?? throw new UsageException($"{model} has no chat template; name one with --template.");
    }
}
