using System.Diagnostics;
using System.Text.Json;

namespace LayerStream.EndToEnd.Tests;

/// <summary>Runs that keep states in a folder and are killed at random moments; <c>tests/Soak/kill_states.py</c> does so for
/// longer.</summary>
public sealed class StateFolderTests : IDisposable
{
    private const int Kills = 5;
    private readonly string _folder = Directory.CreateTempSubdirectory("layerstream-states-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Runs_KilledAtRandomMoments_LeaveAFolderThatIsWholeAndDoesNotGrow()
    {
        Random random = new(7);
        CancellationToken ct = TestContext.Current.CancellationToken;
        string[] arguments = ["run", "--json", "--quiet", "--model", CommandLineProcess.Model, "--memory-budget", "512MiB", "--context",
            "512", "--max-tokens", "4", "--temperature", "0", "--ignore-eos", "--ids",
            string.Join(',', Enumerable.Range(0, 300).Select(_ => random.Next(1000, 40000)))];
        string[] kept = [.. arguments, "--state-dir", _folder, "--state-size", "16MiB"];
        Stopwatch time = Stopwatch.StartNew();
        string expected = await IdsAsync(arguments);
        TimeSpan usual = time.Elapsed;
        for (int i = 0; i < Kills; i++)
        {
            using Process process = Process.Start(new ProcessStartInfo(CommandLineProcess.Binary, kept)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            await Task.WhenAny(process.WaitForExitAsync(ct), Task.Delay(usual * (0.2 + random.NextDouble()), ct));
            process.Kill();
            await process.WaitForExitAsync(ct);
            Assert.InRange(Bytes("*.kept"), 0, 16L << 20);
        }

        Assert.Equal(expected, await IdsAsync(kept));
        Assert.Equal(expected, await IdsAsync(kept));
        Assert.Empty(Directory.GetFiles(_folder, "*.part", SearchOption.AllDirectories));
        Assert.InRange(Bytes("*"), 1, 16L << 20);
    }

    private static async Task<string> IdsAsync(string[] arguments)
    {
        (int code, string output, string error) = await CommandLineProcess.RunAsync(null, arguments);
        Assert.True(code == 0, error);
        using JsonDocument json = JsonDocument.Parse(output);
        return json.RootElement.GetProperty("ids").ToString();
    }

    private long Bytes(string pattern) =>
        Directory.GetFiles(_folder, pattern, SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length);
}
