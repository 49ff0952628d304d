using LayerStream.Host.Verbs;
using LayerStream.Sampling;
using LayerStream.Session;

namespace LayerStream.Host.Tests.Verbs;

public sealed class ChatCommandsTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"layerstream-{Guid.NewGuid():N}.json");
    private readonly ChatState _chat = new() { Sampling = new SamplingOptions(), MaxTokens = 7 };
    private readonly List<string> _said = [];

    public void Dispose() => File.Delete(_path);

    [Theory]
    [InlineData("/help", true)]
    [InlineData("/no such thing", true)]
    [InlineData("//etc/passwd is a file", false)]
    [InlineData("a /help", false)]
    public void IsCommand_LineWithASlashInFront_IsForTheProgram(string line, bool expected) =>
        Assert.Equal(expected, ChatCommands.IsCommand(line));

    [Fact]
    public void Execute_UnknownCommand_IsNamedAndNotSent()
    {
        Execute("/frobnicate now");
        Assert.Contains("/frobnicate", _said.Single(), StringComparison.Ordinal);
        Assert.Null(_chat.Question);
        Assert.Empty(_chat.Conversation.Turns);
    }

    [Fact]
    public void Execute_Help_NamesEveryCommand()
    {
        Execute("/help");
        string help = string.Join('\n', _said);
        foreach (string name in (string[])["/system", "/reset", "/retry", "/save", "/load", "/set", "/stats", "/exit"])
        {
            Assert.Contains(name, help, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Execute_Retry_AsksTheLastQuestionWithoutItsAnswer()
    {
        Turn("one", "1");
        Turn("two", "2");
        Execute("/retry");
        Assert.Equal("two", _chat.Question);
        Assert.Equal(["one", "1"], _chat.Conversation.Turns.Select(m => m.Content));
    }

    [Fact]
    public void Execute_RetryBeforeTheFirstQuestion_SaysSo()
    {
        Execute("/retry");
        Assert.Null(_chat.Question);
        Assert.Single(_said);
    }

    [Fact]
    public void Execute_SystemAndReset_KeepTheSystemMessageOnly()
    {
        Execute("/system Be brief.");
        Turn("one", "1");
        Assert.Equal(["system", "user", "assistant"], _chat.Conversation.Messages.Select(m => m.Role));
        Execute("/reset");
        Assert.Equal([("system", "Be brief.")], _chat.Conversation.Messages);
        Execute("/system");
        Assert.Empty(_chat.Conversation.Messages);
    }

    [Fact]
    public void Execute_SaveAndLoad_GiveTheConversationBack()
    {
        Execute("/system Be brief.");
        Turn("Ünïcode \"quoted\"\nline", "1");
        Execute($"/save {_path}");
        (string, string)[] before = [.. _chat.Conversation.Messages];
        Assert.Contains("Ünïcode", File.ReadAllText(_path), StringComparison.Ordinal); // a file that a person may read
        Execute("/reset");
        Execute("/system");
        Execute($"/load {_path}");
        Assert.Equal(before, _chat.Conversation.Messages);
    }

    [Theory]
    [InlineData("no JSON")]
    [InlineData("{}")]
    [InlineData("{\"messages\":[{\"role\":\"user\"}]}")]
    [InlineData("{\"messages\":[null]}")]
    public void Execute_LoadOfAnythingElse_SaysSoAndChangesNothing(string content)
    {
        Turn("one", "1");
        File.WriteAllText(_path, content);
        Execute($"/load {_path}");
        Assert.Contains("no conversation", _said.Single(), StringComparison.Ordinal);
        Assert.Equal(2, _chat.Conversation.Turns.Count);
    }

    [Theory]
    [InlineData("/save")]
    [InlineData("/load")]
    [InlineData("/load /no/such/file")]
    [InlineData("/save /no/such/folder/file")]
    [InlineData("/set")]
    [InlineData("/set temperature")]
    [InlineData("/set temperature hot")]
    [InlineData("/set top-p 7")]
    [InlineData("/set colour blue")]
    [InlineData("/set max-tokens 0")]
    public void Execute_CommandThatCannotBeCarriedOut_SaysWhyAndGoesOn(string line)
    {
        Execute(line);
        Assert.NotEqual("", _said.Single());
        Assert.Equal(new SamplingOptions().Temperature, _chat.Sampling.Temperature);
        Assert.Equal(7, _chat.MaxTokens);
        Assert.False(_chat.IsOver);
    }

    [Fact]
    public void Execute_Set_ChangesTheNextAnswers()
    {
        Execute("/set temperature 0.25");
        Execute("/set max-tokens=99");
        Assert.Equal(0.25f, _chat.Sampling.Temperature);
        Assert.Equal(99, _chat.MaxTokens);
    }

    [Fact]
    public void Execute_Exit_Ends()
    {
        Execute("/exit");
        Assert.True(_chat.IsOver);
    }

    [Fact]
    public void Answer_NoneCame_TakesTheQuestionBack()
    {
        Turn("one", "");
        Assert.Empty(_chat.Conversation.Turns);
    }

    [Fact]
    public void Read_LinesAndBlocks_AreMessages()
    {
        Queue<string> lines = new(["one", "", "\"\"\"", "two", "", " three", "\"\"\"", "\"\"\"", "open"]);
        string? Next(bool goesOn) => lines.TryDequeue(out string? line) ? line : null;
        Assert.Equal(["one", "two\n\n three", "open", null], new[] { 0, 1, 2, 3 }.Select(_ => ChatInput.Read(Next)));
    }

    [Theory]
    [InlineData("\"\"\"one line\"\"\"|next", "one line")]
    [InlineData("\"\"\"first|second\"\"\"|next", "first\nsecond")]
    [InlineData("\"\"\"first|\"\"\"|next", "first")]
    [InlineData("\"\"\"|def f():|  \"\"\"Doc.\"\"\"|\"\"\"|next", "def f():\n  \"\"\"Doc.\"\"\"")]
    [InlineData("\"\"\"| |\"\"\"|next", "next")]
    public void Read_QuotesBesideText_BeginAndEndAMessage(string typed, string message)
    {
        Queue<string> lines = new(typed.Split('|'));
        Assert.Equal(message, ChatInput.Read(_ => lines.TryDequeue(out string? line) ? line : null));
    }

    [Fact]
    public void Execute_SaveOverAModel_IsRefusedAndLeavesIt()
    {
        File.WriteAllText(_path, "GGUF and more");
        Execute($"/save {_path}");
        Assert.Contains("is a model", _said.Single(), StringComparison.Ordinal);
        Assert.Equal("GGUF and more", File.ReadAllText(_path));
    }

    [Fact]
    public void Execute_SaveThroughALink_ReplacesTheFileBehindIt()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need rights on Windows");
        Turn("one", "1");
        Execute($"/save {_path}");
        string link = _path + ".link";
        File.CreateSymbolicLink(link, _path);
        try
        {
            Turn("two", "2");
            Execute($"/save {link}");
            Assert.Contains("two", File.ReadAllText(_path), StringComparison.Ordinal);
            Assert.NotNull(new FileInfo(link).LinkTarget);
        }
        finally
        {
            File.Delete(link);
        }
    }

    [Theory]
    [InlineData("Hi\n", "Hi")]
    [InlineData("a\r\nb\r\n", "a\r\nb")]
    [InlineData("\n\n", "\n")]
    public void Read_PromptOnStandardInput_LosesOneLineBreak(string input, string prompt) =>
        Assert.Equal(prompt, PromptInput.Read(new StringReader(input)));

    [Fact]
    public void Read_PromptThatIsNotUtf8_IsRefused()
    {
        using MemoryStream latin = new([(byte)'c', (byte)'a', (byte)'f', 0xE9]);
        Assert.Contains("UTF-8", Assert.Throws<UsageException>(() => PromptInput.Read(latin)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_NoPromptOnStandardInput_IsRefused() => Assert.Throws<UsageException>(() => PromptInput.Read(new StringReader("\n")));

    private void Execute(string line) => ChatCommands.Execute(line, _chat, _said.Add);

    private void Turn(string question, string answer)
    {
        _chat.Conversation.Ask(question);
        _chat.Conversation.Answer(answer);
    }
}
