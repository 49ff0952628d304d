using System.Diagnostics;
using System.Text.Json;
using CsCheck;
using LayerStream.Templates.Answers;
using Xunit;

namespace LayerStream.Templates.Tests.Answers;

/// <summary>Thoughts and tool calls of every family.</summary>
public sealed class AnswerParserTests
{
    public static TheoryData<int> Cases => [.. Enumerable.Range(0, FamilyCases.All.Length)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Parse_OfEveryFamily_FindsThoughtTextAndCalls(int number)
    {
        FamilyCases.Case given = FamilyCases.All[number];
        Assert.Equal(given.Family, given.Format.Name);
        ParsedAnswer answer = Parse(given, [given.Answer]);
        Assert.Equal(given.Reasoning, answer.Reasoning);
        Assert.Equal(given.Text, answer.Text);
        Assert.Equal(given.Calls.Select(c => c.Name), answer.Names);
        for (int i = 0; i < given.Calls.Length; i++)
        {
            AssertSame(given.Calls[i].Arguments, answer.Arguments(i));
        }

        Assert.Empty(answer.Broken);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Parse_CutAnywhere_GivesTheSameEvents(int number)
    {
        FamilyCases.Case given = FamilyCases.All[number];
        string whole = Parse(given, [given.Answer]).Events;
        Assert.Equal(whole, Parse(given, given.Answer.Select(c => c.ToString())).Events);
        Gen.Int[0, given.Answer.Length].Array[0, 8].Sample(cuts =>
            Assert.Equal(whole, Parse(given, Split(given.Answer, cuts)).Events), iter: 50, threads: 1);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Parse_EndedAnywhere_LosesNothing(int number)
    {
        FamilyCases.Case given = FamilyCases.All[number];
        for (int length = 0; length <= given.Answer.Length; length++)
        {
            string answer = given.Answer[..length];
            ParsedAnswer parsed = Parse(given, [answer]);
            Assert.True(parsed.Broken.Count <= 1);
            int whole = parsed.Names.Count - parsed.Broken.Count;
            for (int i = 0; i < whole; i++)
            {
                AssertSame(given.Calls[i].Arguments, parsed.Arguments(i));
            }

            // Without a whole call, what the case says about the city is in the text, the thought or the broken call.
            string kept = parsed.Reasoning + parsed.Text + string.Concat(parsed.Broken);
            Assert.True(whole > 0 || answer.Count(c => c is 'ö') <= kept.Count(c => c is 'ö'), $"after {length}: {parsed.Events}");
        }
    }

    [Theory]
    [InlineData("<tool_call>\n{\"name\": \"unknown\", \"arguments\": {}}\n</tool_call>")]
    [InlineData("So: <tool_call> is a tag")]
    [InlineData("<tool_call>{\"name\": 3}</tool_call>")]
    [InlineData("<tool_call>{\"name\": \"ping\", \"arguments\": [1]}</tool_call>")]
    [InlineData("a </tool_call> b </think> c")]
    [InlineData("<tool_call>{]}</tool_call>")]
    public void Parse_WhatIsNoCall_StaysText(string answer)
    {
        ParsedAnswer parsed = ParsedAnswer.Of(AnswerFormat.For("<tool_call>"), ParsedAnswer.Tools(), false, [answer]);
        Assert.Empty(parsed.Names);
        Assert.Equal(answer, parsed.Text);
    }

    [Fact]
    public void Parse_DamageInsideArguments_ReportsTheCallAsTheModelWroteIt()
    {
        const string Answer = "<tool_call>{\"name\": \"ping\", \"arguments\": {\"a\": 1,, }}</tool_call>";
        ParsedAnswer parsed = ParsedAnswer.Of(AnswerFormat.For("<tool_call>"), ParsedAnswer.Tools(), false, [Answer]);
        Assert.Equal("<tool_call>{\"name\": \"ping\", \"arguments\": {\"a\": 1,", Assert.Single(parsed.Broken));
        Assert.Equal(", }}</tool_call>", parsed.Text);
    }

    [Fact]
    public void Parse_WithoutTools_LeavesCallsInTheText()
    {
        const string Answer = "<tool_call>{\"name\": \"ping\", \"arguments\": {}}</tool_call>";
        ParsedAnswer parsed = ParsedAnswer.Of(AnswerFormat.For("<tool_call>"), OfferedTools.None, false, [Answer]);
        Assert.Equal(Answer, parsed.Text);
    }

    [Fact]
    public void Parse_PromptThatOpenedTheThought_BeginsInside()
    {
        AnswerFormat format = AnswerFormat.For("<tool_call>");
        Assert.True(format.OpensThought("<|im_start|>assistant\n<think>\n"));
        Assert.False(format.OpensThought("<|im_start|>assistant\n<think>\n\n</think>\n\n"));
        ParsedAnswer parsed = ParsedAnswer.Of(format, OfferedTools.None, true, ["hm\n</think>\n\nSo."]);
        Assert.Equal(("hm", "So."), (parsed.Reasoning, parsed.Text));
        Assert.Equal("hm", ParsedAnswer.Of(format, OfferedTools.None, true, ["hm"]).Reasoning);
    }

    [Fact]
    public void Parse_CallInsideTheThought_EndsIt()
    {
        ParsedAnswer parsed = ParsedAnswer.Of(AnswerFormat.For("<tool_call>"), ParsedAnswer.Tools(), true,
            ["hm <tool_call> no\n<tool_call>{\"name\": \"ping\"}</tool_call>\nSo."]);
        Assert.Equal("hm <tool_call> no", parsed.Reasoning);
        Assert.Equal("ping", Assert.Single(parsed.Names));
        Assert.Equal("So.", parsed.Text);
    }

    [Fact]
    public void Parse_LineBreakInsideAString_BecomesAnEscape()
    {
        ParsedAnswer parsed = ParsedAnswer.Of(AnswerFormat.For("<tool_call>"), ParsedAnswer.Tools(), false,
            ["<tool_call>{\"name\": \"ping\", \"arguments\": {\"a\": \"x\ny\"}}</tool_call>"]);
        AssertSame("{\"a\": \"x\\ny\"}", parsed.Arguments(0));
    }

    [Theory]
    [InlineData("<tool_call>")]
    [InlineData("<tool_call>{\"name\":\"ping\",\"arguments\":{\"a\":\"")]
    [InlineData("<tool_call")]
    [InlineData("<think>")]
    [InlineData("{\"name\":")]
    [InlineData("[[[[")]
    public void Parse_HostileRepetition_TakesLinearTime(string piece)
    {
        foreach (string template in new[] { "<tool_call>", "<tool_call><function=<parameter=", "<|start_header_id|>ipython", "<arg_key>" })
        {
            string answer = string.Concat(Enumerable.Repeat(piece, 200_000 / piece.Length));
            long before = Stopwatch.GetTimestamp();
            ParsedAnswer.Of(AnswerFormat.For(template), ParsedAnswer.Tools(), false, [answer]);
            Assert.True(Stopwatch.GetElapsedTime(before) < TimeSpan.FromSeconds(4), template);
        }
    }

    [Fact]
    public void Parse_AnythingAtAll_KeepsEveryLetterOfWhatIsNoCall()
    {
        string[] pieces = ["<tool_call>", "</tool_call>", "<think>", "</think>", "{\"name\": \"ping\"", ", \"arguments\": ", "{", "}", "a",
            "\n", "\"", "<function=", "ping", ">", "</function>", "<parameter=", "[TOOL_CALLS]", "[ARGS]", "<|channel|>",
            "<|message|>", "<|end|>"];
        string[] templates = ["<tool_call>", "<tool_call><function=<parameter=", "[TOOL_CALLS][ARGS]", "<|channel|>", "[TOOL_CALLS]", ""];
        Gen.Select(Gen.Int[0, pieces.Length - 1].Array[0, 30], Gen.Int[0, templates.Length - 1]).Sample((numbers, template) =>
        {
            string[] answer = [.. numbers.Select(n => pieces[n])];
            AnswerFormat format = AnswerFormat.For(templates[template]);
            string events = ParsedAnswer.Of(format, ParsedAnswer.Tools(), false, answer).Events;
            Assert.Equal(events, ParsedAnswer.Of(format, ParsedAnswer.Tools(), false, [string.Concat(answer)]).Events);
            // In harmony a letter may stand in a header, which is no text.
            Assert.True(format.IsHarmony || events.Count(c => c == 'a') >= string.Concat(answer).Count(c => c == 'a'), events);
        }, iter: 3000, threads: 1);
    }

    private static ParsedAnswer Parse(FamilyCases.Case given, IEnumerable<string> pieces) =>
        ParsedAnswer.Of(given.Format, ParsedAnswer.Tools(), false, pieces);

    private static IEnumerable<string> Split(string text, int[] cuts)
    {
        int[] borders = [0, .. cuts.Order(), text.Length];
        return borders.Zip(borders.Skip(1), (a, b) => text[a..b]);
    }

    private static void AssertSame(string expected, string actual)
    {
        using JsonDocument a = JsonDocument.Parse(expected), b = JsonDocument.Parse(actual);
        Assert.True(JsonElement.DeepEquals(a.RootElement, b.RootElement), $"expected {expected}, got {actual}");
    }
}
