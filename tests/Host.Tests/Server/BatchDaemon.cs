using System.Net;
using System.Text;
using System.Text.Json;

namespace LayerStream.Host.Tests.Server;

/// <summary>The daemon with files and batches, for two keys.</summary>
public sealed class BatchDaemon : ShippedDaemon
{
    internal const string Key = "first", OtherKey = "second";

    private readonly string _folder = Directory.CreateTempSubdirectory("batches-").FullName;

    public BatchDaemon() => File.WriteAllLines(KeyFile, [Key, OtherKey]);

    protected override int Sequences => 3;

    protected override string KeyFile => Path.Combine(_folder, "keys");

    protected override string FilesFolder => Path.Combine(_folder, "kept");

    internal string Folder => _folder;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    internal static MultipartFormDataContent Form(string text, string purpose = "batch", string name = "in.jsonl", string field = "file")
    {
        MultipartFormDataContent form = new() { { new StringContent(purpose), "purpose" } };
        form.Add(new ByteArrayContent(Encoding.UTF8.GetBytes(text)), field, name);
        return form;
    }

    internal static string Line(string customId, string body, string url = "/v1/chat/completions") =>
        $$"""{"custom_id":"{{customId}}","method":"POST","url":"{{url}}","body":{{body}}}""" + "\n";

    internal static string Chat(string text, int tokens) =>
        $$"""{"messages":[{"role":"user","content":"{{text}}"}],"max_tokens":{{tokens}},"temperature":0,"ignore_eos":true}""";

    internal async Task<JsonElement> AskAsync(string method, string path, string? body = null, HttpStatusCode expected = HttpStatusCode.OK,
        string key = Key)
    {
        using HttpResponseMessage reply = await RespondAsync(method, path, body, key);
        string text = await reply.Content.ReadAsStringAsync(Token);
        Assert.True(reply.StatusCode == expected, $"{(int)reply.StatusCode} {text}");
        return JsonSerializer.Deserialize<JsonElement>(text);
    }

    internal async Task<string> UploadAsync(string text, string key = Key)
    {
        using HttpResponseMessage reply = await RespondAsync("POST", "/v1/files", Form(text), key);
        string answer = await reply.Content.ReadAsStringAsync(Token);
        Assert.True(reply.IsSuccessStatusCode, answer);
        return JsonSerializer.Deserialize<JsonElement>(answer).GetProperty("id").GetString()!;
    }

    internal async Task<string> BeginAsync(string text, string endpoint = "/v1/chat/completions", string key = Key)
    {
        string file = await UploadAsync(text, key);
        JsonElement batch = await AskAsync("POST", "/v1/batches",
            $$$"""{"input_file_id":"{{{file}}}","endpoint":"{{{endpoint}}}","completion_window":"24h","metadata":{"a":"b"}}""", key: key);
        return batch.GetProperty("id").GetString()!;
    }

    internal async Task<JsonElement> EndOfAsync(string id, string key = Key)
    {
        while (true)
        {
            JsonElement batch = await AskAsync("GET", "/v1/batches/" + id, key: key);
            JsonElement counts = batch.GetProperty("request_counts");
            Assert.InRange(Number(counts, "completed") + Number(counts, "failed"), 0, Number(counts, "total"));
            if (batch.GetProperty("status").GetString() is "completed" or "failed" or "cancelled" or "expired")
            {
                return batch;
            }

            await Task.Delay(20, Token);
        }
    }

    internal async Task<JsonElement[]> ResultsAsync(JsonElement batch, string member)
    {
        using HttpResponseMessage reply = await RespondAsync("GET", $"/v1/files/{batch.GetProperty(member).GetString()}/content", key: Key);
        string text = await reply.Content.ReadAsStringAsync(Token);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonSerializer.Deserialize<JsonElement>(l))];
    }

    internal static int Number(JsonElement counts, string member) => counts.GetProperty(member).GetInt32();

    internal static (int Total, int Completed, int Failed) Counts(JsonElement batch)
    {
        JsonElement counts = batch.GetProperty("request_counts");
        return (Number(counts, "total"), Number(counts, "completed"), Number(counts, "failed"));
    }
}

/// <summary>Tests that share the daemon with files.</summary>
[CollectionDefinition(nameof(BatchDaemon))]
public sealed class BatchDaemonCollection : ICollectionFixture<BatchDaemon>;
