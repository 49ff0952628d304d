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

    /// <summary>What is wrong with a value is said in words of the option, and not of types.</summary>
    [Theory]
    [InlineData("--max-tokens", "run", "a", "--max-tokens", "many")]
    [InlineData("--max-tokens", "run", "a", "--max-tokens", "0")]
    [InlineData("--max-tokens", "chat", "--max-tokens", "1e9")]
    [InlineData("--logprobs", "run", "a", "--json", "--logprobs", "-1")]
    [InlineData("--logprobs", "run", "a", "--json", "--logprobs", "x")]
    [InlineData("--queue-limit", "serve", "--queue-limit", "99999")]
    [InlineData("--drain-seconds", "serve", "--drain-seconds", "1.5")]
    [InlineData("--tokens", "tune", "--tokens", "1")]
    [InlineData("--warm-up", "replay", "x", "--warm-up", "no")]
    [InlineData("--connections", "pull", "hf.co/a/b", "--connections", "17")]
    [InlineData("--layers", "synth", "x", "--out", "y", "--vocab", "z", "--layers", "0")]
    [InlineData("--weights-seed", "synth", "x", "--out", "y", "--vocab", "z", "--weights-seed", "one")]
    public async Task Verb_ValueThatIsNoneOfItsOptions_IsRefusedByNameWithoutTypes(string option, params string[] arguments)
    {
        (int code, string error) = await CapturedError.RunAsync(arguments);
        Assert.Equal(Failures.Usage, code);
        Assert.Contains(option + " takes a whole number", error, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", error, StringComparison.Ordinal);
        Assert.Contains($"layerstream {arguments[0]} --help", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--curve", "plan", "--history", "--curve")]
    [InlineData("--routes", "plan", "--history", "--routes", "x")]
    [InlineData("--ids", "run", "a", "--ids", "1")]
    [InlineData("- to read it from standard input", "run")]
    [InlineData("--max-pass-seconds", "run", "a", "--model", "x.gguf", "--max-pass-seconds", "-1")]
    [InlineData("--model takes", "plan", "--model", "")]
    public async Task Verb_OptionsThatDoNotGoTogether_AreNamed(string words, params string[] arguments)
    {
        (int code, string error) = await CapturedError.RunAsync(arguments);
        Assert.Equal(Failures.Usage, code);
        Assert.Contains(words, error, StringComparison.Ordinal);
    }
}
