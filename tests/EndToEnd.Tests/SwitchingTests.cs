using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace LayerStream.EndToEnd.Tests;

/// <summary>The real program with two models of a folder, of which one is loaded at a time, under clients that ask for both.
/// <c>tests/Soak/switching.py</c> does so for longer and in a memory cgroup.</summary>
public sealed class SwitchingTests : IDisposable
{
    private const int Switches = 20;
    private const int Clients = 4;
    private const long BudgetBytes = 256L << 20;
    private readonly string _folder = Directory.CreateTempSubdirectory("layerstream-models-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Models_SwitchedWhileClientsAsk_AnswerAsAloneWithinTheBudgetAndLeaveNothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "counts descriptors and threads in /proc");
        using SyntheticFile synthetic = await SyntheticFile.CreateAsync("llama-1b", layers: 1);
        string shipped = Path.Combine(_folder, "shipped.gguf");
        File.CreateSymbolicLink(shipped, CommandLineProcess.Model);
        File.CreateSymbolicLink(Path.Combine(_folder, "synthetic.gguf"), synthetic.Path);
        await using DaemonProcess daemon = new()
        {
            Model = shipped,
            Budget = "256MiB",
            More = ["--models", _folder, "--context", "256", "--sequences", "2", "--queue-limit", "16"],
        };
        await daemon.InitializeAsync();
        Dictionary<string, string> alone = [];
        foreach (string model in (string[])["shipped", "synthetic", "shipped"])
        {
            alone[model] = await AskAsync(daemon, model);
        }

        (int descriptors, int threads) = Held(daemon);
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async client =>
        {
            for (int i = client; Loads(daemon) < Switches + 3; i++)
            {
                string model = i % 2 == 0 ? "shipped" : "synthetic";
                Assert.Equal(alone[model], await AskAsync(daemon, model));
            }
        }));
        Assert.Equal(alone["shipped"], await AskAsync(daemon, "shipped"));
        JsonElement status = await daemon.Client.GetFromJsonAsync<JsonElement>("v1/layerstream/status", Token);
        long peak = status.GetProperty("memory").GetProperty("resident_peak_bytes").GetInt64();
        Assert.True(peak <= BudgetBytes, $"{peak} of {BudgetBytes} bytes: {string.Join('\n', daemon.Log)}");
        (int descriptorsNow, int threadsNow) = Held(daemon);
        Assert.InRange(descriptorsNow, 0, descriptors + 8);
        Assert.InRange(threadsNow, 0, threads + 8);
        Assert.Equal(0, await daemon.TerminateAsync());
    }

    private static async Task<string> AskAsync(DaemonProcess daemon, string model)
    {
        using HttpResponseMessage reply = await daemon.Client.PostAsJsonAsync("v1/completions", new
        {
            model,
            prompt = "Once upon a time",
            max_tokens = 6,
            temperature = 0,
            ignore_eos = true,
        }, Token);
        string text = await reply.Content.ReadAsStringAsync(Token);
        Assert.True(reply.StatusCode == HttpStatusCode.OK, text);
        JsonElement body = JsonSerializer.Deserialize<JsonElement>(text);
        Assert.Equal(model, body.GetProperty("model").GetString());
        return body.GetProperty("choices")[0].GetProperty("text").GetString()!;
    }

    private static int Loads(DaemonProcess daemon) => daemon.Log.Count(l => l.StartsWith("ready: ", StringComparison.Ordinal));

    private static (int Descriptors, int Threads) Held(DaemonProcess daemon) =>
        (Directory.GetFileSystemEntries($"/proc/{daemon.ProcessId}/fd").Length,
            Directory.GetDirectories($"/proc/{daemon.ProcessId}/task").Length);
}
