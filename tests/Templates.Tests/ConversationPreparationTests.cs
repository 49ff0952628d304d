using System.Text.Json;
using Xunit;

namespace LayerStream.Templates.Tests;

public sealed class ConversationPreparationTests
{
    private const string Dump = "{{ messages|tojson }}";
    private const string PlainText = "{% for m in messages %}{{ m.role + ':' + m.content + ';' }}{% endfor %}";

    private static string Prepared(string template, string messages)
    {
        using var document = JsonDocument.Parse($"{{\"messages\":{messages}}}");
        var variables = TemplateVariables.FromJson(document.RootElement);
        return ChatTemplate.Parse(Dump).Render(ConversationPreparation.Prepare(ChatTemplate.Parse(template), variables));
    }

    [Theory]
    [InlineData(PlainText, "[{'role': 'system', 'content': 'x'}]")]
    [InlineData(PlainText + "{# <|channel|> #}", "[{'role': 'developer', 'content': 'x'}]")]
    public void Prepare_DeveloperRole_BecomesSystemExceptForHarmony(string template, string expected) =>
        Assert.Equal(expected.Replace('\'', '"'), Prepared(template, """[{"role":"developer","content":"x"}]"""));

    [Fact]
    public void Prepare_SystemNotSupported_MovesTheTextToTheFirstUserMessage()
    {
        const string Template = "{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}" + PlainText;
        Assert.Equal(
            """[{"role": "user", "content": "rules\n\nhi"}]""",
            Prepared(Template, """[{"role":"system","content":"rules"},{"role":"user","content":"hi"}]"""));
    }

    [Fact]
    public void Prepare_ToolCallWithTextArguments_GetsAnObjectAndEmptyContent() =>
        Assert.Equal(
            """[{"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1.0}}}]}]""",
            Prepared("{% for m in messages %}{{ m.content }}{% for c in m.tool_calls %}<tool_call>\n{{ c.function|tojson }}\n</tool_call>"
                + "{% endfor %}{% endfor %}",
                """[{"role":"assistant","content":null,"tool_calls":[{"function":{"name":"f","arguments":"{\"a\":1.0}"}}]}]"""));

    [Fact]
    public void Prepare_ToolCallForATemplateWithoutAForm_IsWrittenAsText() =>
        Assert.Contains("<tool_call>", Prepared(PlainText,
            """[{"role":"assistant","content":null,"tool_calls":[{"function":{"name":"f","arguments":"{\"a\":1.0}"}}]}]"""),
            StringComparison.Ordinal);

    [Fact]
    public void Prepare_ContentParts_AreJoinedOnlyForTemplatesThatCannotTakeThem()
    {
        const string Messages = """[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]""";
        const string Parts = "{% for m in messages %}{% for p in m.content %}{{ p.text }}{% endfor %}{% endfor %}";
        Assert.Equal("""[{"role": "user", "content": "a\nb"}]""", Prepared(PlainText, Messages));
        Assert.Equal("""[{"role": "user", "content": "a\nb"}]""", Prepared("{% for m in messages %}{{ m.content }}{% endfor %}", Messages));
        Assert.Contains("\"type\"", Prepared(Parts, Messages));
        Assert.Equal("""[{"role": "user", "content": [{"type": "text", "text": "t"}]}]""",
            Prepared(Parts, """[{"role":"user","content":"t"}]"""));
    }

    [Fact]
    public void Prepare_Reasoning_IsPresentUnderAllNames() =>
        Assert.Equal(
            """[{"role": "assistant", "content": "a", "reasoning": "r", "reasoning_content": "r", "thinking": "r"}]""",
            Prepared(PlainText, """[{"role":"assistant","content":"a","reasoning":"r"}]"""));

    [Fact]
    public void Render_WithoutTemplate_WritesChatMl()
    {
        using var document =
            JsonDocument.Parse("""
                {"messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"u"}]}],
                 "add_generation_prompt":true}
                """);
        var variables = TemplateVariables.FromJson(document.RootElement);
        Assert.Equal("<|im_start|>system\ns<|im_end|>\n<|im_start|>user\nu<|im_end|>\n<|im_start|>assistant\n",
            ConversationPreparation.Render(null, variables));
    }

    [Fact]
    public void Prepare_EveryStoredTemplate_RendersSystemTextAndParts()
    {
        const string Messages = """
            {"messages":[{"role":"system","content":"Be exact."},{"role":"user","content":[{"type":"text","text":"Weather?"}]}],
             "add_generation_prompt":true,"bos_token":"","eos_token":"","now":"2026-01-02"}
            """;
        using var document = JsonDocument.Parse(Messages);
        var variables = TemplateVariables.FromJson(document.RootElement);
        foreach (string file in TemplateData.Files())
        {
            string text = ConversationPreparation.Render(ChatTemplate.Parse(File.ReadAllText(file)), variables);
            Assert.True(text.Contains("Be exact.") && text.Contains("Weather?") && !text.Contains("'text'"), $"{file}: {text}");
        }
    }
}
