using System.Net;
using System.Text.Json;

namespace LayerStream.Host.Tests.Server;

/// <summary>Files over HTTP.</summary>
[Collection(nameof(BatchDaemon))]
public sealed class FilesTests(BatchDaemon daemon)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task File_SentListedReadDeleted_IsWhatItWas()
    {
        string text = string.Concat(Enumerable.Range(0, 30_000).Select(i => $"line {i}\n"));
        using HttpResponseMessage reply = await daemon.RespondAsync("POST", "/v1/files", BatchDaemon.Form(text, name: "a/b\\my.jsonl"),
            BatchDaemon.Key);
        JsonElement file = JsonSerializer.Deserialize<JsonElement>(await reply.Content.ReadAsStringAsync(Token));
        Assert.Equal(("file", "my.jsonl", "batch", text.Length), (file.GetProperty("object").GetString(),
            file.GetProperty("filename").GetString(), file.GetProperty("purpose").GetString(), file.GetProperty("bytes").GetInt32()));
        string id = file.GetProperty("id").GetString()!, path = "/v1/files/" + id;
        JsonElement list = await daemon.AskAsync("GET", "/v1/files?purpose=batch&limit=1");
        Assert.Equal(id, list.GetProperty("data")[0].GetProperty("id").GetString());
        Assert.Equal(file.GetRawText(), (await daemon.AskAsync("GET", path)).GetRawText());
        using HttpResponseMessage content = await daemon.RespondAsync("GET", path + "/content", key: BatchDaemon.Key);
        Assert.Equal(text, await content.Content.ReadAsStringAsync(Token));
        await daemon.AskAsync("GET", path, expected: HttpStatusCode.NotFound, key: BatchDaemon.OtherKey);
        await daemon.AskAsync("GET", path + "/content", expected: HttpStatusCode.NotFound, key: BatchDaemon.OtherKey);
        await daemon.AskAsync("DELETE", path, expected: HttpStatusCode.NotFound, key: BatchDaemon.OtherKey);
        JsonElement others = await daemon.AskAsync("GET", "/v1/files", key: BatchDaemon.OtherKey);
        Assert.DoesNotContain(id, others.GetProperty("data").EnumerateArray().Select(f => f.GetProperty("id").GetString()));
        Assert.True((await daemon.AskAsync("DELETE", path)).GetProperty("deleted").GetBoolean());
        await daemon.AskAsync("GET", path, expected: HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task List_FilesOfOneSecond_HasTheNewestFirst()
    {
        List<string> sent = [];
        for (int i = 0; i < 6; i++)
        {
            using HttpResponseMessage reply = await daemon.RespondAsync("POST", "/v1/files", BatchDaemon.Form("a"), BatchDaemon.OtherKey);
            JsonElement file = JsonSerializer.Deserialize<JsonElement>(await reply.Content.ReadAsStringAsync(Token));
            sent.Insert(0, file.GetProperty("id").GetString()!);
        }

        JsonElement list = await daemon.AskAsync("GET", "/v1/files?limit=6", key: BatchDaemon.OtherKey);
        Assert.Equal(sent, list.GetProperty("data").EnumerateArray().Select(f => f.GetProperty("id").GetString()!));
        foreach (string id in sent)
        {
            await daemon.AskAsync("DELETE", "/v1/files/" + id, key: BatchDaemon.OtherKey);
        }
    }

    [Fact]
    public async Task Upload_ThatDoesNotFit_IsRefusedByNameAndLeavesNothing()
    {
        int before = Directory.GetFiles(daemon.Folder, "*", SearchOption.AllDirectories).Length;
        Assert.Equal("purpose", await RefusalAsync(BatchDaemon.Form("a", purpose: "fine-tune"), 400));
        Assert.Equal("file", await RefusalAsync(BatchDaemon.Form(""), 400));
        Assert.Equal("data", await RefusalAsync(BatchDaemon.Form("a", field: "data"), 400));
        Assert.Equal("purpose", await RefusalAsync(new MultipartFormDataContent { { new StringContent("a"), "file", "a" } }, 400));
        Assert.Null(await RefusalAsync(new StringContent("{}", System.Text.Encoding.UTF8, "application/json"), 415));
        Assert.Null(await RefusalAsync(BatchDaemon.Form(new string('a', 65 << 20)), 413));
        MultipartFormDataContent living = BatchDaemon.Form("a");
        living.Add(new StringContent("60"), "expires_after[seconds]");
        Assert.Equal("expires_after[seconds]", await RefusalAsync(living, 400));
        Assert.Equal(before, Directory.GetFiles(daemon.Folder, "*", SearchOption.AllDirectories).Length);
    }

    private async Task<string?> RefusalAsync(HttpContent form, int status)
    {
        using HttpResponseMessage reply = await daemon.RespondAsync("POST", "/v1/files", form, BatchDaemon.Key);
        string text = await reply.Content.ReadAsStringAsync(Token);
        Assert.True((int)reply.StatusCode == status, $"{(int)reply.StatusCode} {text}");
        return JsonSerializer.Deserialize<JsonElement>(text).GetProperty("error").GetProperty("param").GetString();
    }
}
