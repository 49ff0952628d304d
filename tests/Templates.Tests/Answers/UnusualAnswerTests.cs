using System.Text.Json;
using LayerStream.Templates.Answers;
using Xunit;

namespace LayerStream.Templates.Tests.Answers;

/// <summary>What models write that is not quite the form of their family, and answers that end in the middle.</summary>
public sealed class UnusualAnswerTests
{
    private const string Tricky = """{"city": "a \"}{\" \\ [x] K\u00f6\nln \ud83d\ude00 </tool", "more": {"b": {"c": [[], {}]}}}""";

    private static readonly FamilyCases.Case[] s_cases =
    [
        // A call within a thought ends it, and the thought's own mark may still come.
        new("hermes", "<tool_call>", "<think>hm <tool_call>{\"name\": \"ping\"}</tool_call> more</think>\nSo.", "hm", "moreSo.",
            ("ping", "{}")),
        new("kimi-k2", "<|tool_calls_section_begin|>", "<think>hm<|tool_call_begin|>functions.ping:0<|tool_call_argument_begin|>{}"
            + "<|tool_call_end|></think>So.", "hm", "So.", ("ping", "{}")),
        // Arguments that are none.
        new("hermes", "<tool_call>", "<tool_call>{\"name\": \"ping\", \"arguments\": \"\"}</tool_call>", "", "", ("ping", "{}")),
        new("hermes", "<tool_call>", "<tool_call>{\"name\": \"ping\", \"arguments\": \"null\"}</tool_call>", "", "", ("ping", "{}")),
        new("hermes", "<tool_call>", "<tool_call>{\"name\": \"ping\", \"arguments\": null}</tool_call>", "", "", ("ping", "{}")),
        new("kimi-k2", "<|tool_calls_section_begin|>", "<|tool_call_begin|>functions.ping:0<|tool_call_argument_begin|>\n"
            + "<|tool_call_end|>", "", "", ("ping", "{}")),
        new("deepseek", "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>ping<｜tool▁sep｜><｜tool▁call▁end｜>"
            + "<｜tool▁calls▁end｜>", "", "", ("ping", "{}")),
        new("gemma-4", "'<|tool_call>call:'", "<|tool_call>call:ping{}", "", "", ("ping", "{}")),
        // A call as the service writes it.
        new("hermes", "<tool_call>", "<tool_call>{\"type\": \"function\", \"function\": {\"name\": \"get_weather\", \"arguments\": "
            + "\"{\\\"days\\\": 1}\"}}</tool_call>", "", "", ("get_weather", "{\"days\": 1}")),
        // Several in one pair of marks, and text behind.
        new("hermes", "<tool_call>", "<tool_call>{\"name\": \"ping\"}\n{\"name\": \"ping\"}</tool_call>\n\nDone.", "", "Done.",
            ("ping", "{}"), ("ping", "{}")),
        new("llama-3", "<|start_header_id|>ipython", "\n{\"name\": \"ping\", \"parameters\": {}}; {\"name\": \"ping\", \"parameters\": {}}",
            "", "", ("ping", "{}"), ("ping", "{}")),
        // White space and quotes, braces and escapes within arguments.
        new("hermes", "<tool_call>", "<tool_call>\r\n  { \"name\" : \"get_weather\" ,\n \"arguments\" : " + Tricky
            + " }\r\n</tool_call>", "", "", ("get_weather", Tricky)),
        new("mistral-args", "[TOOL_CALLS] [ARGS]", "[TOOL_CALLS] get_weather [ARGS] " + Tricky + " So.", "", "So.",
            ("get_weather", Tricky)),
        new("mistral-json", "[TOOL_CALLS]", "[TOOL_CALLS] [ {\"arguments\": " + Tricky + ", \"name\": \"get_weather\"} ]", "", "",
            ("get_weather", Tricky)),
        new("llama-3", "<|start_header_id|>ipython", "{\"name\": \"get\\u005fweather\", \"parameters\": " + Tricky + "}", "", "",
            ("get_weather", Tricky)),
        new("harmony", "<|channel|>", "<|channel|>commentary to=assistant<|channel|>commentary to=functions.get_weather <|constrain|>json"
            + "<|message|> " + Tricky, "", "", ("get_weather", Tricky)),
        new("function-tags", "<tool_call><function=<parameter=", "<tool_call><function=get_weather><parameter=city>\n{\"a\": '<b>'}\n\n"
            + "</parameter><parameter=days>\n 2 \n</parameter></function></tool_call>tail", "", "tail",
            ("get_weather", "{\"city\":\"{\\\"a\\\": '<b>'}\\n\",\"days\":2}")),
        new("glm", "<arg_key>", "<tool_call>\nget_weather\n<arg_key> city </arg_key>\n<arg_value>a <b> </arg_value>\n</tool_call>", "", "",
            ("get_weather", "{\"city\":\"a <b> \"}")),
        // A thought that the prompt has opened, and the model once more.
        new("hermes", "<tool_call>", "<think>\n</think>\n\n<think>hm</think>So.", "hm", "So."),
    ];

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, s_cases.Length)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Parse_UnusualForm_FindsThoughtTextAndCalls(int number)
    {
        FamilyCases.Case given = s_cases[number];
        Assert.Equal(given.Family, given.Format.Name);
        ParsedAnswer answer = ParsedAnswer.Of(given.Format, ParsedAnswer.Tools(), false, [given.Answer]);
        Assert.Equal((given.Reasoning, given.Text), (answer.Reasoning, answer.Text));
        Assert.Equal(given.Calls.Select(c => c.Name), answer.Names);
        for (int i = 0; i < given.Calls.Length; i++)
        {
            AssertSame(given.Calls[i].Arguments, answer.Arguments(i));
        }

        Assert.Empty(answer.Broken);
    }

    public static TheoryData<int> AllCases => [.. Enumerable.Range(0, FamilyCases.All.Length + s_cases.Length)];

    [Theory]
    [MemberData(nameof(AllCases))]
    public void Parse_CutAtEveryPlace_GivesTheSameEvents(int number)
    {
        FamilyCases.Case given = Any(number);
        string whole = ParsedAnswer.Of(given.Format, ParsedAnswer.Tools(), false, [given.Answer]).Events;
        for (int at = 0; at <= given.Answer.Length; at++)
        {
            string[] pieces = [given.Answer[..at], given.Answer[at..]];
            Assert.Equal(whole, ParsedAnswer.Of(given.Format, ParsedAnswer.Tools(), false, pieces).Events);
        }
    }

    [Theory]
    [MemberData(nameof(AllCases))]
    public void Parse_EndedBehindAWholeCall_LeavesNoPartOfItsMarksInTheText(int number)
    {
        FamilyCases.Case given = Any(number);
        for (int length = 0; length <= given.Answer.Length; length++)
        {
            ParsedAnswer parsed = ParsedAnswer.Of(given.Format, ParsedAnswer.Tools(), false, [given.Answer[..length]]);
            if (parsed.Names.Count == given.Calls.Length && given.Calls.Length > 0 && parsed.Broken.Count == 0)
            {
                // What may be the beginning of something else stays.
                int same = parsed.Text.AsSpan().CommonPrefixLength(given.Text);
                string rest = parsed.Text[same..];
                string[] others = [given.Format.Thought.Open, given.Format.Thought.Close, .. given.Format.CallSigns];
                Assert.True(rest.Length == 0 || Array.Exists(others, m => m.StartsWith(rest, StringComparison.Ordinal)),
                    $"after {length}: {parsed.Events}");
            }
        }
    }

    [Theory]
    [InlineData("<|channel|>")]
    [InlineData("<|channel|>analysis")]
    [InlineData("<|channel|>final<|mess")]
    [InlineData("<|channel|>commentary to=functions.ping <|constrain|>json")]
    public void Parse_HarmonyHeaderThatIsCut_IsNoText(string answer)
    {
        ParsedAnswer parsed = ParsedAnswer.Of(AnswerFormat.For("<|channel|>"), ParsedAnswer.Tools(), false, [answer]);
        Assert.Equal(("", ""), (parsed.Text, parsed.Reasoning));
    }

    [Fact]
    public void Parse_ThoughtOpenedTwice_KeepsTheMarkOut()
    {
        ParsedAnswer parsed = ParsedAnswer.Of(AnswerFormat.For("<tool_call>"), OfferedTools.None, true, ["<think>\nhm</think>So."]);
        Assert.Equal(("hm", "So."), (parsed.Reasoning, parsed.Text));
    }

    private static FamilyCases.Case Any(int number) =>
        number < s_cases.Length ? s_cases[number] : FamilyCases.All[number - s_cases.Length];

    private static void AssertSame(string expected, string actual)
    {
        using JsonDocument a = JsonDocument.Parse(expected), b = JsonDocument.Parse(actual);
        Assert.True(JsonElement.DeepEquals(a.RootElement, b.RootElement), $"expected {expected}, got {actual}");
    }
}
