using System.Text;
using LayerStream.Sampling.Grammars;
using LayerStream.Session;
using LayerStream.Templates;
using LayerStream.Templates.Answers;

namespace LayerStream.Host.Tests.Session;

/// <summary>Where a grammar begins: the marks of every family are those that its parser knows.</summary>
public sealed class AnswerThoughtTests
{
    private const int Token = 7;

    public static TheoryData<string> Families => [.. AnswerFormat.All.Select(f => f.Name).Distinct()];

    [Theory]
    [MemberData(nameof(Families))]
    public void Of_PromptThatOpensTheThought_BeginsBehindIt(string family)
    {
        AnswerFormat format = Format(family);
        AnswerThought? thought = AnswerThoughts.Of(Prompt("Hi<turn>" + format.Thought.Open), format, -1);
        Assert.True(thought is { IsOpen: true }, family);
        Assert.Equal(format.Thought.AnswerOpen ?? format.Thought.Close, Encoding.UTF8.GetString(thought.End));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Of_PromptThatHasClosedTheThought_BeginsAtOnce(string family)
    {
        ThoughtMarks marks = Format(family).Thought;
        string prompt = $"Hi<turn>{marks.Open}\n{marks.Close}\n\n{marks.AnswerOpen}";
        Assert.Null(AnswerThoughts.Of(Prompt(prompt), Format(family), Token));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Of_ModelThatOpensTheThought_MayBegin(string family)
    {
        AnswerFormat format = Format(family);
        AnswerThought? thought = AnswerThoughts.Of(Prompt("Hi<turn>"), format, Token);
        Assert.Equal((false, Token), (thought!.IsOpen, thought.BeginToken));
        Assert.Null(AnswerThoughts.Of(Prompt("Hi<turn>"), format, -1));
    }

    [Theory]
    [InlineData("minimax-m3", "]<]minimax[>[", "<mm:think>")]
    [InlineData("gemma-4", "'<|tool_call>call:'", "<|channel>thought\n")]
    [InlineData("kimi-k3", "<|open|><|close|><|end_of_msg|>", "<|open|>think<|sep|>")]
    [InlineData("harmony", "<|channel|>", "<|channel|>analysis<|message|>")]
    [InlineData("mistral-args", "[TOOL_CALLS] [ARGS] [THINK]", "[THINK]")]
    [InlineData("hermes", "<seed:think>", "<seed:think>")]
    [InlineData("hermes", "<|START_THINKING|>", "<|START_THINKING|>")]
    [InlineData("hermes", "", "<think>")]
    public void For_TemplateOfAFamily_HasItsMarks(string family, string template, string open)
    {
        AnswerFormat format = AnswerFormat.For(template);
        Assert.Equal((family, open), (format.Name, format.Thought.Open));
        Assert.True(AnswerThoughts.Of(Prompt("Hi<turn>" + open), format, -1) is { IsOpen: true });
    }

    [Fact]
    public void Of_MarkInTheUsersText_OpensNothing()
    {
        AnswerFormat format = Format("hermes");
        Assert.Null(AnswerThoughts.Of(new RenderedPrompt("<turn>say <think></turn><turn>", [6..17]), format, -1));
    }

    [Fact]
    public void Of_HarmonyAtItsAnswer_IsOpenWithoutAMark() =>
        Assert.True(AnswerThoughts.Of(Prompt("Hi<|start|>assistant"), Format("harmony"), -1) is { IsOpen: true });

    private static AnswerFormat Format(string family) => AnswerFormat.All.First(f => f.Name == family);

    private static RenderedPrompt Prompt(string text) => new(text, [0..2]);
}
