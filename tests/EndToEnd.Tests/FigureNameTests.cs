using System.Text.Json;

namespace LayerStream.EndToEnd.Tests;

/// <summary>The same figures under the same names from the command line and from the daemon.</summary>
public sealed class FigureNameTests
{
    [Fact]
    public async Task Plan_OfTheDaemon_HasTheNamesAndValuesOfTheCommandLine()
    {
        string[] common = ["--memory-budget", "192MiB", "--context", "128"];
        await using DaemonProcess daemon = new() { More = ["--context", "128"] };
        await daemon.InitializeAsync();
        using JsonDocument status = JsonDocument.Parse(await daemon.Client.GetStringAsync("v1/layerstream/status", Token));
        (int code, string output, string error) = await CommandLineProcess.RunAsync(null, ["plan", "--json", .. common]);
        Assert.True(code == 0, error);
        using JsonDocument plan = JsonDocument.Parse(output);
        foreach (JsonProperty figure in status.RootElement.GetProperty("plan").EnumerateObject())
        {
            string name = JsonNamingPolicy.CamelCase.ConvertName(string.Concat(figure.Name.Split('_').Select(Capital)));
            Assert.True(plan.RootElement.TryGetProperty(name, out _), $"plan --json has no {name}, which the daemon calls {figure.Name}");
        }

        Assert.Equal(128, status.RootElement.GetProperty("plan").GetProperty("context").GetInt32());
        Assert.Equal(128, plan.RootElement.GetProperty("context").GetInt32());
    }

    [Fact]
    public async Task Sweep_OfTheDaemon_HasTheNamesOfTheCommandLine()
    {
        await using DaemonProcess daemon = new();
        await daemon.InitializeAsync();
        using JsonDocument status = JsonDocument.Parse(await daemon.Client.GetStringAsync("v1/layerstream/status", Token));
        (int code, string output, string error) = await CommandLineProcess.RunAsync(null,
            ["run", "--json", "--memory-budget", "192MiB", "--max-tokens", "4", "--draft", "prompt", "--raw", "a b c d a b c d a b c"]);
        Assert.True(code == 0, error);
        using JsonDocument run = JsonDocument.Parse(output);
        JsonElement answer = run.RootElement.GetProperty("sweep");
        foreach (JsonProperty figure in status.RootElement.GetProperty("engine").GetProperty("sweep").EnumerateObject())
        {
            string name = JsonNamingPolicy.CamelCase.ConvertName(string.Concat(figure.Name.Split('_').Select(Capital)));
            Assert.True(answer.TryGetProperty(name, out _), $"run --json has no {name}, which the daemon calls {figure.Name}");
        }

        Assert.InRange(answer.GetProperty("passes").GetInt32(), 1, 4);
        Assert.InRange(answer.GetProperty("acceptedTokens").GetInt32(), 0, answer.GetProperty("draftedTokens").GetInt32());
        string metrics = await daemon.Client.GetStringAsync("metrics", Token);
        Assert.Contains("layerstream_draft_tokens_total{result=\"accepted\"} 0\n", metrics, StringComparison.Ordinal);
    }

    private static string Capital(string word) => char.ToUpperInvariant(word[0]) + word[1..];

    private static CancellationToken Token => TestContext.Current.CancellationToken;
}
