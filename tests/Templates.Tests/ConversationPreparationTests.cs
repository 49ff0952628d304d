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

    private const string TwoCalls = """
        [{"role":"user","content":"q"},
        {"role":"assistant","content":"both","reasoning_content":"why","tool_calls":[
        {"id":"call_1","type":"function","function":{"name":"f","arguments":"{}"}},
        {"id":"call_2","type":"function","function":{"name":"g","arguments":{"a":1}}}]},
        {"role":"tool","tool_call_id":"call_2","content":"second"},{"role":"tool","tool_call_id":"call_1","content":"first"},
        {"role":"user","content":"more"}]
        """;

    private const string OneCall = "{% for m in messages %}{{ m.role }}:{{ m.content }}{% if m.tool_calls %}"
        + "{% if m.tool_calls|length != 1 %}{{ raise_exception('one') }}{% endif %}<tool_call>\n{{ m.tool_calls[0].function|tojson }}"
        + "{% endif %};{% endfor %}";

    private const string NineCharacters = "{% for m in messages %}{{ m.content }}{% for c in m.tool_calls %}{% if c.id|length != 9 %}"
        + "{{ raise_exception('nine') }}{% endif %}<tool_call>\n{{ c.id }}{{ c.function|tojson }}{% endfor %}{% if m.role == 'tool' %}"
        + "{% if m.tool_call_id|length != 9 %}{{ raise_exception('nine') }}{% endif %}{{ m.tool_call_id }}{% endif %}{% endfor %}";

    private const string Alternating = "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
        + "{{ raise_exception('alternate') }}{% endif %}{{ m.role }}:{{ m.content }};{% endfor %}";

    [Fact]
    public void Prepare_SeveralCallsForATemplateOfOne_BecomeMessagesEachWithItsResult()
    {
        using JsonDocument prepared = JsonDocument.Parse(Prepared(OneCall, TwoCalls));
        Assert.Equal(["user", "assistant f both", "tool first", "assistant g ", "tool second", "user"],
            prepared.RootElement.EnumerateArray().Select(m => m.GetProperty("role").GetString() switch
            {
                "assistant" => $"assistant {Name(m)} {m.GetProperty("content").GetString()}",
                "tool" => "tool " + m.GetProperty("content").GetString(),
                var role => role,
            }));

        static string? Name(JsonElement message) =>
            Assert.Single(message.GetProperty("tool_calls").EnumerateArray()).GetProperty("function").GetProperty("name").GetString();
    }

    [Fact]
    public void Prepare_SeveralCallsForATemplateThatTakesThem_StayTogether() =>
        Assert.Contains("call_1", Prepared("{% for m in messages %}{{ m.content }}{% for c in m.tool_calls %}<tool_call>\n"
            + "{{ c.function|tojson }}{% endfor %}{% endfor %}", TwoCalls)
            .Split("\"function\": {\"name\": \"g\"")[0], StringComparison.Ordinal);

    [Fact]
    public void Prepare_CallIdsForATemplateOfNineCharacters_AreTheSameInCallAndResult()
    {
        using JsonDocument prepared = JsonDocument.Parse(Prepared(NineCharacters, TwoCalls));
        string?[] calls = [.. prepared.RootElement[1].GetProperty("tool_calls").EnumerateArray()
            .Select(c => c.GetProperty("id").GetString())];
        Assert.All(calls, id => Assert.Matches("^[0-9A-Za-z]{9}$", id));
        Assert.NotEqual(calls[0], calls[1]);
        Assert.Equal([calls[1], calls[0]], prepared.RootElement.EnumerateArray().Skip(2).Take(2)
            .Select(m => m.GetProperty("tool_call_id").GetString()));
    }

    [Fact]
    public void Prepare_CallIdOfNineLettersAndDigits_Stays() => Assert.Contains("\"id\": \"aB3dE6gH9\"", Prepared(NineCharacters,
        """[{"role":"assistant","content":"","tool_calls":[{"id":"aB3dE6gH9","function":{"name":"f","arguments":{}}}]}]"""),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("""[{"role":"user","content":"a"},{"role":"user","content":"b"},{"role":"assistant","content":"c"}]""",
        """[{"role": "user", "content": "a\n\nb"}, {"role": "assistant", "content": "c"}]""")]
    [InlineData("""[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"assistant","content":"c"}]""",
        """[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b\n\nc"}]""")]
    public void Prepare_NeighboursOfOneRoleWhereRolesMustAlternate_AreJoined(string messages, string expected) =>
        Assert.Equal(expected, Prepared(Alternating, messages));

    [Theory]
    [InlineData("""[{"role":"assistant","content":"a"},{"role":"user","content":"b"}]""",
        """[{"role": "user", "content": ""}, {"role": "assistant", "content": "a"}, {"role": "user", "content": "b"}]""")]
    [InlineData("""[{"role":"user","content":"a"}]""", """[{"role": "user", "content": "a"}]""")]
    public void Prepare_AnswerInFrontWhereRolesMustAlternate_GetsAnEmptyQuestion(string messages, string expected) =>
        Assert.Equal(expected, Prepared(Alternating, messages));

    [Fact]
    public void Prepare_SystemAloneWhereItIsRenderedWithTheUser_BecomesTheUser() => Assert.Equal(
        """[{"role": "system", "content": "a"}, {"role": "user", "content": "b"}]""",
        Prepared("{% for m in messages %}{% if m.role != 'system' %}{{ m.content }}{% elif messages[-1].role == 'user' %}{{ m.content }}"
            + "{% endif %}{% endfor %}", """[{"role":"system","content":"a"},{"role":"system","content":"b"}]"""));

    [Fact]
    public void Prepare_LaterDeveloperForHarmony_MovesAsASystemMessageDoes() => Assert.Equal(
        """[{"role": "developer", "content": "a"}, {"role": "user", "content": "b\n\nc"}]""",
        Prepared("{% for m in messages %}{% if m.role == 'user' or loop.first %}{{ m.content }}{% endif %}{% endfor %}{# <|channel|> #}",
            """[{"role":"developer","content":"a"},{"role":"user","content":"b"},{"role":"developer","content":"c"}]"""));

    [Fact]
    public void Prepare_NeighboursOfOneRoleElsewhere_StayApart() => Assert.Equal(
        """[{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]""",
        Prepared(PlainText, """[{"role":"user","content":"a"},{"role":"user","content":"b"}]"""));

    [Fact]
    public void Prepare_NullsOfAnEchoedMessage_AreAsAbsent() => Assert.Equal("""[{"role": "assistant", "content": ""}]""", Prepared(
        PlainText,
        """[{"role":"assistant","content":null,"tool_calls":null,"refusal":null,"audio":null,"function_call":null,"name":null}]"""));
}
