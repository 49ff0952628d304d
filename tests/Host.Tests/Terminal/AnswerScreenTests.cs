using LayerStream.Host.Terminal;

namespace LayerStream.Host.Tests.Terminal;

public sealed class AnswerScreenTests
{
    private const string Prose = "The quick brown fox jumps over the lazy dog, and goes home.";

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(100)]
    public void Text_LongerThanALine_BreaksBetweenWordsHoweverItComes(int piece)
    {
        Assert.Equal("The quick brown fox jumps\nover the lazy dog, and\ngoes home.\n", Shown(25, screen =>
        {
            foreach (char[] part in Prose.Chunk(piece))
            {
                screen.Text(new string(part));
            }
        }));
    }

    [Fact]
    public void Text_OutsideOfATerminal_IsAsItIs()
    {
        Assert.Equal(Prose + "  \n\nx  y\n", Shown(0, screen =>
        {
            screen.Text(Prose + "  \n\n");
            screen.Thought("not shown");
            screen.Text("x  y");
        }));
    }

    [Fact]
    public void Thought_BeforeTheAnswer_IsDimAndEndsItsLine() => Assert.Equal("\e[2mhm, so\e[22m\nYes.\n", Shown(40, screen =>
    {
        screen.Thought("hm, ");
        screen.Thought("so");
        screen.Text("Yes.");
    }));

    [Fact]
    public void Text_Code_IsNotWrapped()
    {
        string code = "```\n" + new string('a', 20) + " " + new string('b', 20) + "\n```\nText again that is wrapped here.";
        Assert.Equal($"```\n{new string('a', 20)} {new string('b', 20)}\n```\nText again that is\nwrapped here.\n",
            Shown(24, screen => screen.Text(code)));
    }

    [Fact]
    public void Text_WideCharacters_CountTwice() =>
        Assert.Equal("数学数学数学数学数学数学\n数学\n", Shown(24, screen => screen.Text("数学数学数学数学数学数学数学")));

    [Fact]
    public void Text_WordLongerThanALine_IsNotHeldBack() =>
        Assert.StartsWith(new string('x', 70), Shown(30, screen => screen.Text(new string('x', 70) + " y")), StringComparison.Ordinal);

    [Fact]
    public void End_InsideOfAThought_LeavesNothingDim() => Assert.EndsWith("\e[22m\n", Shown(40, screen => screen.Thought("hm")));

    private static string Shown(int columns, Action<AnswerScreen> show)
    {
        using StringWriter text = new() { NewLine = "\n" };
        AnswerScreen screen = new(text, columns);
        show(screen);
        screen.End();
        return text.ToString();
    }
}
