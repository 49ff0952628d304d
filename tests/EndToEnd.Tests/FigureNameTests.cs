using System.Text.Json;

namespace LayerStream.EndToEnd.Tests;

/// <summary>The same figures under the same names from the command line and from the daemon.</summary>
public sealed class FigureNameTests
{
    [Fact]
    public async Task Figures_OfTheDaemon_HaveTheNamesOfTheCommandLine()
    {
        string[] common = ["--memory-budget", "192MiB", "--context", "128", "--profile", "off"];
        await using DaemonProcess daemon = new() { More = ["--context", "128"] };
        await daemon.InitializeAsync();
        JsonElement status = await DaemonAsync(daemon, "v1/layerstream/status"), curve = await DaemonAsync(daemon, "v1/layerstream/plan");
        JsonElement plan = await CommandAsync(["plan", "--json", .. common]), doctor = await CommandAsync(["doctor", "--json", .. common]);
        AssertNamed(status.GetProperty("plan"), plan);
        string[] words = ["summary", "source"]; // the command line says them in "advice"
        AssertNamed(curve, plan, words);
        AssertNamed(curve.GetProperty("curve")[0], plan.GetProperty("curve")[0]);
        foreach (string name in new[] { "directIo", "directIoFallback", "deviceBytesPerSecond" })
        {
            Assert.True(doctor.TryGetProperty(name, out _), $"doctor --json has no {name}");
            Assert.True(status.GetProperty("engine").TryGetProperty(JsonNamingPolicy.SnakeCaseLower.ConvertName(name), out _),
                $"the status of the engine has no {name}");
        }

        Assert.Equal(128, status.GetProperty("plan").GetProperty("context").GetInt32());
        Assert.Equal(128, plan.GetProperty("context").GetInt32());
        Assert.Equal(plan.GetProperty("prefetchDepth").GetInt32(), status.GetProperty("plan").GetProperty("prefetch_depth").GetInt32());
        Assert.True(status.GetProperty("engine").TryGetProperty("prefetch_depth", out _));
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
        AssertNamed(status.RootElement.GetProperty("engine").GetProperty("sweep"), answer);
        Assert.InRange(answer.GetProperty("passes").GetInt32(), 1, 4);
        Assert.InRange(answer.GetProperty("acceptedTokens").GetInt32(), 0, answer.GetProperty("draftedTokens").GetInt32());
        Assert.Equal(1, answer.GetProperty("kvPages").GetInt32());
        JsonElement pages = status.RootElement.GetProperty("engine").GetProperty("kv_pages");
        Assert.Equal(pages.GetProperty("total").GetInt32(), pages.GetProperty("free").GetInt32() + pages.GetProperty("kept").GetInt32());
        Assert.Equal((0, 0), (pages.GetProperty("held").GetInt32(), pages.GetProperty("parked").GetInt32()));
        string metrics = await daemon.Client.GetStringAsync("metrics", Token);
        Assert.Contains("layerstream_kv_pages{state=\"held\"} 0\n", metrics, StringComparison.Ordinal);
        Assert.Contains("layerstream_draft_tokens_total{kind=\"prompt\",result=\"accepted\"} 0\n", metrics, StringComparison.Ordinal);
    }

    private static void AssertNamed(JsonElement daemon, JsonElement command, params string[] except)
    {
        foreach (JsonProperty figure in daemon.EnumerateObject().Where(f => !except.Contains(f.Name)))
        {
            string name = JsonNamingPolicy.CamelCase.ConvertName(string.Concat(figure.Name.Split('_').Select(Capital)));
            Assert.True(command.TryGetProperty(name, out _), $"the command line has no {name}, which the daemon calls {figure.Name}");
        }
    }

    private static async Task<JsonElement> DaemonAsync(DaemonProcess daemon, string path)
    {
        using JsonDocument document = JsonDocument.Parse(await daemon.Client.GetStringAsync(path, Token));
        return document.RootElement.Clone();
    }

    private static async Task<JsonElement> CommandAsync(string[] arguments)
    {
        (int code, string output, string error) = await CommandLineProcess.RunAsync(null, arguments);
        Assert.True(code == 0, error);
        using JsonDocument document = JsonDocument.Parse(output);
        return document.RootElement.Clone();
    }

    private static string Capital(string word) => char.ToUpperInvariant(word[0]) + word[1..];

    private static CancellationToken Token => TestContext.Current.CancellationToken;
}
