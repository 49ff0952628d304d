using LayerStream.Host.Verbs;

namespace LayerStream.Host.Tests.Verbs;

/// <summary>A file that cannot be written is told before the model is so much as looked for.</summary>
[Collection(CapturedError.Collection)]
public sealed class OutputPathTests
{
    private const string Output = "/no/such/folder/output";

    [Theory]
    [InlineData("run", "a", "--trace", Output)]
    [InlineData("run", "a", "--routes", Output)]
    [InlineData("logits", "--ids", "1", "--out", Output)]
    public async Task Verb_OutputThatCannotBeWritten_IsRefusedBeforeTheModelIsOpened(params string[] arguments)
    {
        (int code, string error) = await CapturedError.RunAsync([.. arguments, "--model", "/no/such/model.gguf"]);
        Assert.Equal(Failures.Failed, code);
        Assert.Contains(Output, error, StringComparison.Ordinal);
        Assert.DoesNotContain("model.gguf", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Perplexity_TextThatIsNotThere_IsRefusedBeforeTheModelIsOpened()
    {
        (int code, string error) = await CapturedError.RunAsync("perplexity", "--file", "/no/such/text", "--model", "/no/such/model.gguf");
        Assert.Equal(Failures.Failed, code);
        Assert.Contains("/no/such/text", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ModelThatIsNotThere_LeavesNoEmptyOutput()
    {
        string output = Path.Combine(Path.GetTempPath(), $"layerstream-{Guid.NewGuid():N}");
        (int code, string error) = await CapturedError.RunAsync("run", "a", "--trace", output, "--model", "/no/such/model.gguf");
        Assert.Equal(Failures.Failed, code);
        Assert.Contains("model.gguf", error, StringComparison.Ordinal);
        Assert.False(File.Exists(output));
    }
}
