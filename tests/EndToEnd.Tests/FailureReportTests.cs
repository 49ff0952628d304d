using System.Text.Json;

namespace LayerStream.EndToEnd.Tests;

/// <summary>With --json standard output holds JSON, whatever happens.</summary>
public sealed class FailureReportTests
{
    [Theory]
    [InlineData(2, "run", "a", "--json", "--max-tokens", "many")]
    [InlineData(2, "run", "--json")]
    [InlineData(1, "run", "a", "--json", "--model", "/no/such/model.gguf")]
    [InlineData(2, "plan", "--json", "--no-such-option")]
    [InlineData(2, "plan", "--json", "--memory-budget", "50%")]
    [InlineData(1, "trace", "show", "/no/such/trace", "--json")]
    [InlineData(1, "inspect", "/no/such/model.gguf", "--json")]
    [InlineData(1, "score", "/no/such/file", "--json")]
    [InlineData(1, "perplexity", "--file", "/no/such/file", "--json")]
    [InlineData(1, "run", "a", "--daemon", "http://127.0.0.1:9", "--json")]
    [InlineData(1, "top", "--url", "http://127.0.0.1:9", "--json")]
    public async Task Verb_ThatFails_SaysSoAsJson(int wanted, params string[] arguments)
    {
        (int code, string output, string error) = await CommandLineProcess.RunAsync(null, arguments);
        Assert.Equal(wanted, code);
        using JsonDocument json = JsonDocument.Parse(output);
        Assert.Equal(code, json.RootElement.GetProperty("exitCode").GetInt32());
        Assert.Equal(error.Trim(), json.RootElement.GetProperty("error").GetString()?.Trim());
    }

    [Fact]
    public async Task Verb_WithTooSmallABudget_GivesTheSmallestAsAFigureThatWorksInEveryVerb()
    {
        string text = Path.Combine(Path.GetTempPath(), $"layerstream-{Guid.NewGuid():N}.txt");
        await File.WriteAllTextAsync(text, "A text of a few tokens.", TestContext.Current.CancellationToken);
        try
        {
            string[] few = ["--context", "256", "--json", "--model", CommandLineProcess.Model];
            string[][] verbs = [["run", "a", "--max-tokens", "2"], ["plan"], ["tune", "--rounds", "1", "--tokens", "2"],
                ["perplexity", "--file", text], ["logits", "--ids", "1,2", "--out", text + ".f32"], ["chat"]];
            List<long> smallest = [];
            foreach (string[] verb in verbs)
            {
                (int code, string output, _) = await CommandLineProcess.RunAsync(null, [.. verb, .. few, "--memory-budget", "1MiB"]);
                Assert.Equal(1, code);
                using JsonDocument json = JsonDocument.Parse(output);
                Assert.Contains("--memory-budget", json.RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
                smallest.Add(json.RootElement.GetProperty("smallestBudgetBytes").GetInt64());
            }

            long budget = Assert.Single(smallest.Distinct());
            foreach (string[] verb in new string[][] { verbs[0], verbs[3] })
            {
                (int done, _, string error) = await CommandLineProcess.RunAsync(null,
                    [.. verb, .. few, "--memory-budget", $"{(budget + (1 << 20) - 1) >> 20}MiB"]);
                Assert.True(done == 0, error);
                Assert.DoesNotContain("more than the budget", error, StringComparison.Ordinal); // the peak stayed within it
            }
        }
        finally
        {
            File.Delete(text);
        }
    }

    [Fact]
    public async Task Json_ByTheEnvironment_IsAsByTheFlag()
    {
        string file = Path.Combine(Path.GetTempPath(), $"layerstream-{Guid.NewGuid():N}.json");
        await File.WriteAllTextAsync(file, """{"json": true}""", TestContext.Current.CancellationToken);
        try
        {
            (int code, string output, string error) = await CommandLineProcess.RunAsync(null,
                "inspect", CommandLineProcess.Model, "--config", file);
            Assert.True(code == 0, error);
            using JsonDocument json = JsonDocument.Parse(output);
            Assert.Equal(JsonValueKind.Object, json.RootElement.ValueKind);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task JsonLines_LinesThatAreWrong_AreAnsweredInWords()
    {
        (int code, string output, _) = await CommandLineProcess.RunAsync("{}\n{\"text\":null}\n[1]\n{\"text\":\"Hello\"}\n",
            "tokenize", "--jsonl");
        Assert.Equal(0, code);
        string[] lines = output.TrimEnd().Split('\n');
        Assert.Equal(4, lines.Length);
        Assert.All(lines[..3], line => Assert.Contains("\\\"text\\\"", line, StringComparison.Ordinal));
        Assert.Contains("19556", lines[3], StringComparison.Ordinal);
    }
}
