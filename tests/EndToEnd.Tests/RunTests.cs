using System.Text.Json;

namespace LayerStream.EndToEnd.Tests;

public sealed class RunTests
{
    private static readonly string[] s_common = ["run", "Name three colours of the sea.", "--json", "--temperature", "0", "--max-tokens", "12", "--context", "512"];

    [Fact]
    public async Task Run_AtEveryBudgetDepthAndThreadCount_GivesTheSameIds()
    {
        string[][] variants =
        [
            ["--memory-budget", "2GiB"], ["--memory-budget", "160MiB", "--prefetch-depth", "1", "--threads", "1"],
            ["--memory-budget", "160MiB", "--prefetch-depth", "8", "--threads", "2"], ["--memory-budget", "192MiB", "--prefetch-depth", "2"],
        ];
        List<string> ids = [];
        foreach (string[] variant in variants)
        {
            (int code, string output, string error) = await CommandLineProcess.RunAsync(null, [.. s_common, .. variant]);
            Assert.True(code == 0, error);
            using JsonDocument json = JsonDocument.Parse(output);
            JsonElement root = json.RootElement;
            ids.Add(root.GetProperty("ids").ToString());
            Assert.True(root.GetProperty("peakMemoryBytes").GetInt64() <= root.GetProperty("budgetBytes").GetInt64(), output);
            Assert.Equal(variant[1] == "2GiB", root.GetProperty("bytesPerToken").GetDouble() == 0);
        }

        Assert.Single(ids.Distinct());
    }

    [Fact]
    public async Task Run_UnderABudgetThatCannotDo_RefusesWithTheSheetAndTheSmallest()
    {
        (int code, _, string error) = await CommandLineProcess.RunAsync(null, [.. s_common, "--memory-budget", "32MiB"]);
        Assert.Equal(1, code);
        Assert.Contains("kv cache", error, StringComparison.Ordinal);
        Assert.Contains("--memory-budget", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Trace_OfAStreamedRun_AttributesItsTime()
    {
        string trace = Path.Combine(Path.GetTempPath(), $"layerstream-{Guid.NewGuid():N}.lstrace");
        try
        {
            (int code, string output, string error) = await CommandLineProcess.RunAsync(null, [.. s_common, "--memory-budget", "160MiB", "--trace", trace]);
            Assert.True(code == 0, error);
            (code, string report, error) = await CommandLineProcess.RunAsync(null, "trace", "show", trace, "--json");
            Assert.True(code == 0, error);
            using JsonDocument run = JsonDocument.Parse(output), figures = JsonDocument.Parse(report);
            Assert.True(figures.RootElement.GetProperty("attributedShare").GetDouble() >= 0.99, report);
            Assert.Equal(run.RootElement.GetProperty("overlapShare").GetDouble(), figures.RootElement.GetProperty("overlapShare").GetDouble(), 0.03);
        }
        finally
        {
            File.Delete(trace);
        }
    }

    [Fact]
    public async Task Tokenize_JsonLines_GivesIds()
    {
        (int code, string output, _) = await CommandLineProcess.RunAsync("{\"text\":\"Hello\",\"special\":false,\"bos\":false}\n", "tokenize", "--jsonl");
        Assert.Equal(0, code);
        Assert.Equal("{\"ids\":[19556]}", output.Trim().Replace(" ", "", StringComparison.Ordinal));
    }
}
