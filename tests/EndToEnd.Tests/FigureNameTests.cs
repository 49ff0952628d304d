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

    private static string Capital(string word) => char.ToUpperInvariant(word[0]) + word[1..];

    private static CancellationToken Token => TestContext.Current.CancellationToken;
}
