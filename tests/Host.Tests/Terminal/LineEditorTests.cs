using LayerStream.Host.Terminal;

namespace LayerStream.Host.Tests.Terminal;

public sealed class LineEditorTests
{
    private const ConsoleKey Up = ConsoleKey.UpArrow, Down = ConsoleKey.DownArrow, Left = ConsoleKey.LeftArrow, Enter = ConsoleKey.Enter;

    [Fact]
    public void Read_TextAndEnter_GivesTheText() => Assert.Equal(["hello", null], Read("hello", Enter, End));

    [Fact]
    public void Read_CursorMoved_InsertsAndDeletesThere() =>
        Assert.Equal("say 1 2 4", Read("say 1 3 4", Left, Left, ConsoleKey.Backspace, "2", Enter)[0]);

    [Theory]
    [InlineData(ConsoleKey.W, "one two ")]
    [InlineData(ConsoleKey.U, "")]
    [InlineData(ConsoleKey.A, "one two three")]
    public void Read_ControlKey_ActsOnTheWordOrLine(ConsoleKey key, string wanted) =>
        Assert.Equal(wanted, Read("one two three", new ConsoleKeyInfo('\u0001', key, false, false, true), Enter)[0]);

    [Fact]
    public void Read_Up_ShowsWhatWasSentAndKeepsWhatIsWritten() => Assert.Equal(["first", "second", "first", "draft"],
        Read("first", Enter, "second", Enter, Up, Up, Enter, "draft", Up, Up, Down, Down, Enter));

    [Fact]
    public void Read_AltEnter_IsALineOfTheSameText() => Assert.Equal("a\nb",
        Read("a", new ConsoleKeyInfo('\r', Enter, false, true, false), "b", Enter)[0]);

    [Fact]
    public void Read_UpInSeveralLines_MovesWithinThem()
    {
        ConsoleKeyInfo newLine = new('\r', Enter, false, true, false);
        Assert.Equal("axb\ncd", Read("ab", newLine, "cd", Left, Up, "x", Enter)[0]);
    }

    [Fact]
    public void Read_PastedLines_AreOneText()
    {
        string pasted = "first line\nsecond\n";
        Queue<char> keys = new(pasted);
        LineEditor editor = new(TextWriter.Null, () => 80, () => KeyOf(keys.Dequeue()), () => keys.Count > 0);
        Assert.Equal("first line\nsecond", editor.Read("> "));
    }

    [Fact]
    public void Read_PastedTabs_AreKept()
    {
        Queue<char> keys = new("if x:\n\treturn\n");
        LineEditor editor = new(TextWriter.Null, () => 80, () => KeyOf(keys.Dequeue()), () => keys.Count > 0);
        Assert.Equal("if x:\n\treturn", editor.Read("> "));
    }

    [Theory]
    [InlineData(80, null, 80)]
    [InlineData(80, "40", 40)]
    [InlineData(80, "400", 80)]
    [InlineData(80, "0", 80)]
    [InlineData(80, "wide", 80)]
    public void Width_WithColumnsAskedFor_IsTheLess(int told, string? columns, int wanted) =>
        Assert.Equal(wanted, TextColumns.OrLess(told, columns));

    [Fact]
    public void Read_CharacterOfTwoUnits_IsDeletedAsOne() =>
        Assert.Equal("a", Read("a\ud83d\ude42", ConsoleKey.Backspace, Enter)[0]);

    [Fact]
    public void Read_LongLine_IsDrawnOverItsRowsAndLeavesTheCursorBehindIt()
    {
        using StringWriter screen = new();
        Queue<ConsoleKeyInfo> keys = new(Keys(new string('x', 25), Enter));
        LineEditor editor = new(screen, () => 10, keys.Dequeue, () => false);
        Assert.Equal(new string('x', 25), editor.Read("> "));
        string last = screen.ToString()[screen.ToString().LastIndexOf("\e[J", StringComparison.Ordinal)..];
        Assert.Equal("\e[J> xxxxxxxx\r\nxxxxxxxxxx\r\nxxxxxxx\r\e[7C\n", last);
        Assert.Contains("\r\e[2A\e[J", screen.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 80)]
    [InlineData(-1, 80)]
    [InlineData(120, 120)]
    public void Width_ThatATerminalTells_IsTakenIfItCanBeOne(int told, int wanted) => Assert.Equal(wanted, TextColumns.OrUsual(told));

    private static ConsoleKeyInfo End => new('\u0004', ConsoleKey.D, false, false, true);

    private static List<string?> Read(params object[] input)
    {
        Queue<ConsoleKeyInfo> keys = new(input.SelectMany(i => Keys(i)));
        LineEditor editor = new(TextWriter.Null, () => 80, keys.Dequeue, () => false);
        List<string?> read = [];
        while (keys.Count > 0)
        {
            read.Add(editor.Read("> "));
        }

        return read;
    }

    private static IEnumerable<ConsoleKeyInfo> Keys(params object[] input) => input.SelectMany(i => i switch
    {
        string text => text.Select(KeyOf),
        ConsoleKey key => [new ConsoleKeyInfo(key == Enter ? '\r' : '\0', key, false, false, false)],
        _ => [(ConsoleKeyInfo)i],
    });

    private static ConsoleKeyInfo KeyOf(char c) =>
        c == '\n' ? new('\r', Enter, false, false, false) : new(c, c == '\t' ? ConsoleKey.Tab : ConsoleKey.None, false, false, false);
}
