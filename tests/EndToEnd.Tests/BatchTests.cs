using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;

namespace LayerStream.EndToEnd.Tests;

/// <summary>A batch that outlives the process that began it.</summary>
public sealed class BatchTests : IDisposable
{
    private const int SigKill = 9;
    private const int Requests = 40;
    private readonly string _folder = Directory.CreateTempSubdirectory("layerstream-batch-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Batch_DaemonKilledThenTerminatedInTheMiddle_IsCompletedByTheNextWithEveryNameOnce()
    {
        string id;
        await using (DaemonProcess first = await StartAsync())
        {
            id = await BeginAsync(first.Client);
            await ReachAsync(first.Client, id, 3);
            await first.SignalAsync(SigKill);
            while (first.IsRunning)
            {
                await Task.Delay(10, Token);
            }
        }

        await using (DaemonProcess ended = await StartAsync())
        {
            Assert.InRange(Completed(await BatchAsync(ended.Client, id)), 3, Requests);
            await ReachAsync(ended.Client, id, 8);
            Assert.Equal(0, await ended.TerminateAsync());
        }

        await using DaemonProcess second = await StartAsync();
        JsonElement batch = await BatchAsync(second.Client, id);
        Assert.InRange(Completed(batch), 8, Requests);
        while (batch.GetProperty("status").GetString() != "completed")
        {
            Assert.Contains(batch.GetProperty("status").GetString(), (string[])["in_progress", "finalizing"]);
            await Task.Delay(50, Token);
            batch = await BatchAsync(second.Client, id);
        }

        Assert.Equal(Requests, Completed(batch));
        string results = await second.Client.GetStringAsync($"v1/files/{batch.GetProperty("output_file_id").GetString()}/content", Token);
        Assert.Equal(Enumerable.Range(0, Requests), results.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => int.Parse(JsonSerializer.Deserialize<JsonElement>(line).GetProperty("custom_id").GetString()!,
                System.Globalization.CultureInfo.InvariantCulture)).Order());
        Assert.Empty(Directory.GetFiles(_folder, "*.part", SearchOption.AllDirectories));
        Assert.Equal(0, await second.TerminateAsync());
    }

    [Fact]
    public async Task BatchVerb_InterruptedThenRunAgain_AnswersTheRest()
    {
        string input = Path.Combine(_folder, "in.jsonl"), output = Path.Combine(_folder, "out.jsonl");
        await File.WriteAllTextAsync(input, Lines(), Token);
        string[] arguments = ["batch", input, output, "--quiet", "--json", "--model", CommandLineProcess.Model, "--memory-budget", "512MiB",
            "--context", "256"];
        using (Process process = CommandLineProcess.StartInterruptible(arguments))
        {
            while (!process.HasExited && (!File.Exists(output) || new FileInfo(output).Length == 0))
            {
                await Task.Delay(5, Token);
            }

            await PosixSignal.SendAsync(process, "INT");
            await process.WaitForExitAsync(Token);
        }

        int before = (await File.ReadAllLinesAsync(output, Token)).Length;
        Assert.InRange(before, 1, Requests);
        (int code, string json, string error) = await CommandLineProcess.RunAsync(null, arguments);
        Assert.True(code == 0, error);
        Assert.Equal(Requests, JsonSerializer.Deserialize<JsonElement>(json).GetProperty("completed").GetInt32());
        Assert.Equal(Requests, (await File.ReadAllLinesAsync(output, Token)).Distinct().Count());
    }

    private static string Lines() => string.Concat(Enumerable.Range(0, Requests).Select(i =>
        $$"""{"custom_id":"{{i}}","method":"POST","url":"/v1/completions","body":{"prompt":"{{i}}","max_tokens":8,"ignore_eos":true} }"""
        + "\n"));

    private static int Completed(JsonElement batch) => batch.GetProperty("request_counts").GetProperty("completed").GetInt32();

    private static Task<JsonElement> BatchAsync(HttpClient client, string id) =>
        client.GetFromJsonAsync<JsonElement>("v1/batches/" + id, Token);

    private static async Task ReachAsync(HttpClient client, string id, int completed)
    {
        while (Completed(await BatchAsync(client, id)) < completed)
        {
            await Task.Delay(10, Token);
        }
    }

    private static async Task<string> BeginAsync(HttpClient client)
    {
        using MultipartFormDataContent form = new()
        {
            { new StringContent("batch"), "purpose" },
            { new StringContent(Lines()), "file", "in.jsonl" },
        };
        using HttpResponseMessage sent = await client.PostAsync("v1/files", form, Token);
        JsonElement file = await sent.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(Token);
        using StringContent body = new($$"""
            {"input_file_id":"{{file.GetProperty("id").GetString()}}","endpoint":"/v1/completions","completion_window":"24h"}
            """, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage begun = await client.PostAsync("v1/batches", body, Token);
        JsonElement batch = await begun.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(Token);
        return batch.GetProperty("id").GetString()!;
    }

    private async Task<DaemonProcess> StartAsync()
    {
        DaemonProcess daemon = new() { Budget = "256MiB", More = ["--context", "256", "--files-dir", Path.Combine(_folder, "kept")] };
        await daemon.InitializeAsync();
        return daemon;
    }
}
