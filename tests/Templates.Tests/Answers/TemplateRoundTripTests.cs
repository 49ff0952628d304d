using System.Text.Json;
using LayerStream.Templates.Answers;
using Xunit;

namespace LayerStream.Templates.Tests.Answers;

/// <summary>What a template writes of an earlier answer, its parser reads as that answer.</summary>
public sealed class TemplateRoundTripTests
{
    private const string First = """
        {"city": "K\"öln\"\nOst", "days": 3, "zip": "0123",
        "wanted": [1, {"a": true}], "more": {"b": {"c": "d"}}}
        """;

    private const string Second = """{"city": "Bonn"}""";

    private static readonly string[] s_ends = ["<|im_end|>", "<|eot_id|>", "<|EOS|>", "<｜end▁of▁sentence｜>", "[e~[", "<|end_of_text|>",
        "<end_of_turn>", "<turn|>", "<|tool_response>", "<|user|>", "<|observation|>", "<|im_user|>"];

    public static TheoryData<string> Names() => [.. TemplateData.Files().Select(x => Path.GetFileNameWithoutExtension(x)!)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Parse_AnswerThatTheTemplateWrote_FindsTheSameCalls(string name)
    {
        ChatTemplate template = ChatTemplate.Parse(File.ReadAllText(TemplateData.PathOf(name)));
        AnswerFormat format = AnswerFormat.For(template.Source);
        Assert.SkipUnless(format.HasOwnCalls, $"{name} has no format for calls");
        bool several = !format.IsHarmony && format.Name != "llama-3";
        string[] arguments = several ? [First, Second] : [First];
        (string prompt, string answer) = Render(template, arguments);
        ParsedAnswer parsed = ParsedAnswer.Of(format, ParsedAnswer.Tools(), format.OpensThought(prompt), [answer]);
        Assert.True(parsed.Names.Count == arguments.Length, $"{format.Name}: {answer}\n→ {parsed.Events}");
        for (int i = 0; i < arguments.Length; i++)
        {
            using JsonDocument a = JsonDocument.Parse(arguments[i]), b = JsonDocument.Parse(parsed.Arguments(i));
            Assert.True(JsonElement.DeepEquals(a.RootElement, b.RootElement), $"{answer}\n→ {parsed.Events}");
        }

        Assert.Equal("", parsed.Text.Trim());
    }

    private static (string Prompt, string Answer) Render(ChatTemplate template, string[] arguments)
    {
        string calls = string.Join(',', arguments.Select((a, i) =>
            $$$"""{"id":"abcdefgh{{{i}}}","type":"function","function":{"name":"get_weather","arguments":{{{a}}}}}"""));
        string messages = $$"""{"role":"user","content":"Weather?"}""";
        string full = RenderAll(template, $$"""[{{messages}},{"role":"assistant","content":"","tool_calls":[{{calls}}]}]""", false);
        string prompt = RenderAll(template, $"[{messages}]", true);
        int same = prompt.Zip(full).TakeWhile(p => p.First == p.Second).Count();
        while (same < prompt.Length && prompt[same - 1] is '<' or '|')
        {
            same--; // the beginning of a mark that both begin with
        }

        string answer = full[same..];
        int end = s_ends.Select(e => answer.IndexOf(e, StringComparison.Ordinal)).Where(i => i >= 0).DefaultIfEmpty(answer.Length).Min();
        return (prompt[..same], answer[..end]);
    }

    private static string RenderAll(ChatTemplate template, string messages, bool opensAnswer)
    {
        using JsonDocument document = JsonDocument.Parse($$"""
            {"messages":{{messages}},"add_generation_prompt":{{(opensAnswer ? "true" : "false")}},"bos_token":"","eos_token":"<|EOS|>",
            "tools":[{"type":"function","function":{"name":"get_weather","description":"","parameters":{"type":"object","properties":
            {"city":{"type":"string"},"zip":{"type":"string"},"days":{"type":"integer"},
            "wanted":{"type":"array"},"more":{"type":"object"} } } } }]}
            """);
        TemplateVariables variables = TemplateVariables.FromJson(document.RootElement);
        variables.Now = new DateTime(2026, 1, 2);
        return ConversationPreparation.RenderPrompt(template, variables).Text;
    }
}
