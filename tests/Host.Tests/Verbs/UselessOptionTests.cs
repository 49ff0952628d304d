using LayerStream.Host.Verbs;

namespace LayerStream.Host.Tests.Verbs;

/// <summary>A flag without an effect is refused, not swallowed.</summary>
[Collection(CapturedError.Collection)]
public sealed class UselessOptionTests
{
    [Theory]
    [InlineData("--threads", "inspect", "x.gguf", "--threads", "2")]
    [InlineData("--memory-budget", "tokenize", "a", "--memory-budget", "1GiB")]
    [InlineData("--model", "trace", "show", "x.lstr", "--model", "m.gguf")]
    [InlineData("--temperature", "logits", "--ids", "1", "--out", "/tmp/x", "--temperature", "0")]
    [InlineData("--stop", "plan", "--stop", "END")]
    [InlineData("--logit-bias", "perplexity", "--file", "x", "--logit-bias", "1=2")]
    public async Task Verb_CommonFlagItHasNoUseFor_IsRefusedByName(string option, params string[] arguments)
    {
        (int code, string error) = await CapturedError.RunAsync(arguments);
        Assert.Equal(Failures.Usage, code);
        Assert.Contains(option, error, StringComparison.Ordinal);
        Assert.Contains(arguments[0], error, StringComparison.Ordinal);
    }
}
