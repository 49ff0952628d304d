using System.Net;
using System.Text;
using System.Text.Json;
using LayerStream.Host.Server;
using LayerStream.Host.Server.Batches;
using LayerStream.Host.Server.Batches.Running;
using LayerStream.Host.Server.Files;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Host.Telemetry;
using LayerStream.Host.Tests.Server.Described;
using LayerStream.Session.Reports;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Tests.Server;

/// <summary>Batches over HTTP, and the same without a daemon.</summary>
[Collection(nameof(BatchDaemon))]
public sealed class BatchesTests(BatchDaemon daemon)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Batch_OfChats_HasTheAnswersOfTheEndpointAndNamesWhatFailed()
    {
        string[] ids = [.. Enumerable.Range(0, 7).Select(i => $"item \\\"{i}\\\"")];
        string text = string.Concat(ids.Select((id, i) => BatchDaemon.Line(id, BatchDaemon.Chat($"Say {i}.", 6)))) + "\n"
            + BatchDaemon.Line("wrong", """{"messages":[],"max_tokens":1}""");
        JsonElement batch = await daemon.EndOfAsync(await daemon.BeginAsync(text));
        Assert.Equal("completed", batch.GetProperty("status").GetString());
        Assert.Equal((8, 7, 1), BatchDaemon.Counts(batch));
        Assert.Equal("b", batch.GetProperty("metadata").GetProperty("a").GetString());
        JsonElement[] answers = await daemon.ResultsAsync(batch, "output_file_id");
        Assert.Equal(ids.Select(i => i.Replace("\\", "", StringComparison.Ordinal)).Order(),
            answers.Select(a => a.GetProperty("custom_id").GetString()).Order());
        JsonElement alone = await daemon.AskAsync("POST", "/v1/chat/completions", BatchDaemon.Chat("Say 3.", 6));
        JsonElement same = answers.Single(a => a.GetProperty("custom_id").GetString() == "item \"3\"").GetProperty("response");
        Assert.Equal(200, same.GetProperty("status_code").GetInt32());
        Assert.Equal(Said(alone), Said(same.GetProperty("body")));
        JsonElement error = Assert.Single(await daemon.ResultsAsync(batch, "error_file_id"));
        Assert.Equal(("wrong", 400), (error.GetProperty("custom_id").GetString(),
            error.GetProperty("response").GetProperty("status_code").GetInt32()));
        Assert.Equal("messages", error.GetProperty("response").GetProperty("body").GetProperty("error").GetProperty("param").GetString());
        await daemon.AskAsync("GET", "/v1/batches/" + batch.GetProperty("id").GetString(), expected: HttpStatusCode.NotFound,
            key: BatchDaemon.OtherKey);
        await daemon.AskAsync("POST", $"/v1/batches/{batch.GetProperty("id").GetString()}/cancel", "{}", HttpStatusCode.Conflict);
    }

    [Theory]
    [InlineData("/v1/completions", """{"prompt":"Hello","max_tokens":3,"temperature":0}""", "text_completion")]
    [InlineData("/v1/responses", """{"input":"Hello","max_output_tokens":3,"temperature":0}""", "response")]
    [InlineData("/v1/score", """{"prompt":"Yes or no?","choices":[" yes"," no"]}""", "list")]
    public async Task Batch_OfAnyEndpoint_IsAnsweredByIt(string url, string body, string kind)
    {
        JsonElement batch = await daemon.EndOfAsync(await daemon.BeginAsync(BatchDaemon.Line("a", body, url), url));
        JsonElement answer = Assert.Single(await daemon.ResultsAsync(batch, "output_file_id"));
        Assert.Equal(kind, answer.GetProperty("response").GetProperty("body").GetProperty("object").GetString());
        Assert.Equal(JsonValueKind.Null, batch.GetProperty("error_file_id").ValueKind);
    }

    [Fact]
    public async Task Replies_OfFilesAndBatches_AreAsTheDocumentSays()
    {
        const string Endpoint = "/v1/completions";
        string id = await daemon.BeginAsync(BatchDaemon.Line("a", """{"prompt":"a","max_tokens":1}""", Endpoint), Endpoint);
        JsonElement batch = await daemon.EndOfAsync(id);
        string file = batch.GetProperty("input_file_id").GetString()!;
        await AssertDescribedAsync("GET", "/v1/batches/{id}", "/v1/batches/" + id);
        await AssertDescribedAsync("GET", "/v1/batches", "/v1/batches?limit=2");
        await AssertDescribedAsync("GET", "/v1/files/{id}", "/v1/files/" + file);
        await AssertDescribedAsync("GET", "/v1/files", "/v1/files?limit=2");
        using HttpResponseMessage sent = await daemon.RespondAsync("POST", "/v1/files", BatchDaemon.Form("no JSON"), BatchDaemon.Key);
        await DescribedAnswer.AssertAsync("POST", "/v1/files", sent);
        file = JsonSerializer.Deserialize<JsonElement>(await sent.Content.ReadAsStringAsync(Token)).GetProperty("id").GetString()!;
        string body = $$"""{"input_file_id":"{{file}}","endpoint":"/v1/completions","completion_window":"24h"}""";
        using HttpResponseMessage begun = await daemon.RespondAsync("POST", "/v1/batches", body, BatchDaemon.Key);
        await DescribedAnswer.AssertAsync("POST", "/v1/batches", begun);
        JsonElement faulty = JsonSerializer.Deserialize<JsonElement>(await begun.Content.ReadAsStringAsync(Token));
        id = faulty.GetProperty("id").GetString()!;
        Assert.Equal("failed", (await daemon.EndOfAsync(id)).GetProperty("status").GetString());
        await AssertDescribedAsync("GET", "/v1/batches/{id}", "/v1/batches/" + id);
        await AssertDescribedAsync("DELETE", "/v1/files/{id}", "/v1/files/" + file);
    }

    private async Task AssertDescribedAsync(string method, string described, string path)
    {
        using HttpResponseMessage reply = await daemon.RespondAsync(method, path, key: BatchDaemon.Key);
        await DescribedAnswer.AssertAsync(method, described, reply);
    }

    [Fact]
    public async Task Batch_WithFaultyLines_FailsWithTheirNumbersAndAsksNothing()
    {
        string good = BatchDaemon.Chat("a", 1);
        string text = BatchDaemon.Line("a", good) + "no JSON\n\n" + BatchDaemon.Line("a", good) + BatchDaemon.Line("b", good, "/v1/models")
            + BatchDaemon.Line("c", good, "/v1/completions") + BatchDaemon.Line("d", """{"stream":true}""")
            + BatchDaemon.Line("", good) + """{"custom_id":"e","method":"GET","url":"/v1/chat/completions","body":{}}""" + "\n"
            + """{"custom_id":"f","url":"/v1/chat/completions"}""";
        JsonElement batch = await daemon.EndOfAsync(await daemon.BeginAsync(text));
        Assert.Equal(("failed", JsonValueKind.Null),
            (batch.GetProperty("status").GetString(), batch.GetProperty("output_file_id").ValueKind));
        Assert.Equal(
            [
                (2, "invalid_json_line"), (4, "duplicate_custom_id"), (5, "invalid_url"), (6, "mismatched_url"), (7, "invalid_stream"),
                (8, "invalid_custom_id"), (9, "invalid_method"), (10, "missing_body"),
            ],
            batch.GetProperty("errors").GetProperty("data").EnumerateArray().Select(e =>
                (e.GetProperty("line").GetInt32(), e.GetProperty("code").GetString()!)));
    }

    [Fact]
    public async Task Request_WhileABatchHasAllTurns_IsAnsweredFirst()
    {
        string id = await daemon.BeginAsync(string.Concat(Enumerable.Range(0, 6).Select(i =>
            BatchDaemon.Line($"{i}", BatchDaemon.Chat($"Count to {i}.", 900)))));
        await RunningAsync();
        await Task.WhenAll(Enumerable.Range(0, 3).Select(AskShortAsync));
        Assert.Equal((6, 0, 0), BatchDaemon.Counts(await daemon.AskAsync("GET", "/v1/batches/" + id)));
        await daemon.AskAsync("POST", $"/v1/batches/{id}/cancel", "");
        Assert.Equal("cancelled", (await daemon.EndOfAsync(id)).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Batch_ThatGivesWayAgainAndAgain_LosesNothing()
    {
        string[] ids = [.. Enumerable.Range(0, 9).Select(i => $"{i}")];
        string id = await daemon.BeginAsync(string.Concat(ids.Select(i => BatchDaemon.Line(i, BatchDaemon.Chat($"Count to {i}.", 12)))));
        await RunningAsync();
        for (int i = 0; i < 3; i++)
        {
            await Task.WhenAll(Enumerable.Range(0, 2).Select(AskShortAsync));
        }

        JsonElement batch = await daemon.EndOfAsync(id);
        Assert.Equal((9, 9, 0), BatchDaemon.Counts(batch));
        JsonElement[] answers = await daemon.ResultsAsync(batch, "output_file_id");
        Assert.Equal(ids, answers.Select(a => a.GetProperty("custom_id").GetString()!).Order());
        Assert.All(answers, a => Assert.Equal(12, a.GetProperty("response").GetProperty("body").GetProperty("usage")
            .GetProperty("completion_tokens").GetInt32()));
    }

    [Fact]
    public async Task Batch_OfAnotherKey_HasItsShareBesideALongOne()
    {
        string longId = await daemon.BeginAsync(string.Concat(Enumerable.Range(0, 60).Select(i =>
            BatchDaemon.Line($"{i}", BatchDaemon.Chat($"Count to {i}.", 40)))));
        await RunningAsync();
        string otherId = await daemon.BeginAsync(BatchDaemon.Line("a", BatchDaemon.Chat("a", 1)), key: BatchDaemon.OtherKey);
        Assert.Equal((1, 1, 0), BatchDaemon.Counts(await daemon.EndOfAsync(otherId, BatchDaemon.OtherKey)));
        JsonElement batch = await daemon.AskAsync("GET", "/v1/batches/" + longId);
        Assert.Equal("in_progress", batch.GetProperty("status").GetString());
        await daemon.AskAsync("POST", $"/v1/batches/{longId}/cancel", "");
        await daemon.EndOfAsync(longId);
    }

    [Fact]
    public async Task Cancel_OfARunningBatch_KeepsWhatIsDone()
    {
        string text = string.Concat(Enumerable.Range(0, 40).Select(i =>
            BatchDaemon.Line($"{i}", BatchDaemon.Chat("Tell.", i < 3 ? 1 : 400))));
        string fileId = await daemon.UploadAsync(text);
        JsonElement begun = await daemon.AskAsync("POST", "/v1/batches",
            $$"""{"input_file_id":"{{fileId}}","endpoint":"/v1/chat/completions","completion_window":"7d"}""");
        string id = begun.GetProperty("id").GetString()!;
        while (BatchDaemon.Counts(await daemon.AskAsync("GET", "/v1/batches/" + id)).Completed < 3)
        {
            await Task.Delay(10, Token);
        }

        await daemon.AskAsync("DELETE", "/v1/files/" + fileId, expected: HttpStatusCode.Conflict);
        JsonElement asked = await daemon.AskAsync("POST", $"/v1/batches/{id}/cancel", "");
        Assert.Contains(asked.GetProperty("status").GetString(), (string[])["cancelling", "cancelled"]);
        JsonElement batch = await daemon.EndOfAsync(id);
        Assert.Equal("cancelled", batch.GetProperty("status").GetString());
        Assert.Equal(BatchDaemon.Counts(batch).Completed, (await daemon.ResultsAsync(batch, "output_file_id")).Length);
        Assert.Equal(0, daemon.Admission.Running);
        Assert.True((await daemon.AskAsync("DELETE", "/v1/files/" + fileId)).GetProperty("deleted").GetBoolean());
    }

    [Fact]
    public async Task Batch_WhoseTimeIsOver_HasAnErrorForWhatIsOpen()
    {
        string owner = await OwnerAsync();
        string fileId = await daemon.UploadAsync(string.Concat(((string[])["a", "b"]).Select(i =>
            BatchDaemon.Line(i, BatchDaemon.Chat(i, 1)))));
        string id = daemon.Batches!.Add(Record(owner, fileId, expiresAt: 2)).Record.Id;
        JsonElement batch = await daemon.EndOfAsync(id);
        Assert.Equal(("expired", (2, 0, 2)), (batch.GetProperty("status").GetString(), BatchDaemon.Counts(batch)));
        Assert.All(await daemon.ResultsAsync(batch, "error_file_id"),
            e => Assert.Equal("batch_expired", e.GetProperty("error").GetProperty("code").GetString()));
    }

    [Fact]
    public async Task Batch_WhoseResultsHaveNoRoom_FailsWithTheWayOut()
    {
        FileStore files = daemon.Batches!.Files;
        string fileId = await daemon.UploadAsync(BatchDaemon.Line("a", BatchDaemon.Chat("a", 1)));
        long taken = files.LimitBytes - files.Bytes - 100;
        files.Take(taken);
        try
        {
            JsonElement begun = await daemon.AskAsync("POST", "/v1/batches",
                $$"""{"input_file_id":"{{fileId}}","endpoint":"/v1/chat/completions","completion_window":"24h"}""");
            JsonElement batch = await daemon.EndOfAsync(begun.GetProperty("id").GetString()!);
            Assert.Equal("failed", batch.GetProperty("status").GetString());
            JsonElement error = Assert.Single(batch.GetProperty("errors").GetProperty("data").EnumerateArray());
            Assert.Equal("files_full", error.GetProperty("code").GetString());
            Assert.Contains("--files-size", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        }
        finally
        {
            files.Take(-taken);
        }

        Assert.Equal(Directory.GetFiles(Path.Combine(files.Root, "files"))
            .Where(f => !f.EndsWith(".json", StringComparison.Ordinal)).Sum(f => new FileInfo(f).Length), files.Bytes);
    }

    [Fact]
    public async Task Offline_WithAFileForErrors_KeepsThemApart()
    {
        string input = Path.Combine(daemon.Folder, "mixed.jsonl"), output = Path.Combine(daemon.Folder, "right.jsonl");
        string errors = Path.Combine(daemon.Folder, "wrong.jsonl");
        await File.WriteAllTextAsync(input, BatchDaemon.Line("a", BatchDaemon.Chat("a", 1)) + BatchDaemon.Line("b", "{}"), Token);
        for (int run = 0; run < 2; run++)
        {
            BatchReport report = await OfflineBatch.RunAsync(daemon.Model, input, output, errors, null, Token);
            Assert.Equal((2, 1, 1), (report.Total, report.Completed, report.Failed));
            Assert.Contains("\"custom_id\":\"a\"", Assert.Single(await File.ReadAllLinesAsync(output, Token)), StringComparison.Ordinal);
            Assert.Contains("\"custom_id\":\"b\"", Assert.Single(await File.ReadAllLinesAsync(errors, Token)), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Run_WhenTurnsAreAddedInTheMiddle_TakesThem()
    {
        string input = Path.Combine(daemon.Folder, "turns.jsonl"), output = Path.Combine(daemon.Folder, "turned.jsonl");
        await File.WriteAllTextAsync(input, string.Concat(Enumerable.Range(0, 4).Select(i => BatchDaemon.Line($"{i}", "{}"))), Token);
        using Admission admission = new(0);
        using DaemonMetrics metrics = new(() => 0, () => null);
        ServerState state = new("SmolLM2", admission, metrics);
        state.Open(daemon.Model);
        admission.Turns = 1;
        int asked = 0;
        TaskCompletionSource together = new(TaskCreationOptions.RunContinuationsAsynchronously);
        BatchCounts counts = new(0, 0, 0);
        using RequestMemory.Holding memory = state.RequireMemory().Open();
        BatchRun run = new(new BatchJob(input, null, "s", 9), state, AnswerAsync, counts, memory);
        await run.PrepareAsync(Token);
        Assert.Empty(await run.CheckAsync(Token));
        run.Rest();
        Assert.Equal(0, memory.Bytes);
        await run.ResumeAsync(Token);
        using ResultFile results = ResultFile.Open(output, _ => { }, (_, _) => { });
        await run.AnswerAsync(results, results, Token);
        Assert.Equal((4, 4, 0), (counts.Total, counts.Completed, counts.Failed));

        // The first comes alone; the others end when all of them have come.
        async Task AnswerAsync(HttpContext http)
        {
            admission.Turns = 3;
            int number = Interlocked.Increment(ref asked);
            if (number == 4)
            {
                together.SetResult();
            }

            await (number == 1 ? Task.CompletedTask : together.Task.WaitAsync(TimeSpan.FromSeconds(30), Token));
            await http.Response.Body.WriteAsync("{}"u8.ToArray(), Token);
        }
    }

    [Fact]
    public async Task Batches_ThatWaitForTheirTurn_HoldNoMemory()
    {
        using FileStore files = FileStore.Open(Path.Combine(daemon.Folder, "waiting"), 1 << 20);
        BatchStore store = BatchStore.OpenIn(files);
        using Admission admission = new(0);
        using DaemonMetrics metrics = new(() => 0, () => null);
        ServerState state = new("SmolLM2", admission, metrics) { Files = files, Batches = store };
        state.Open(daemon.Model);
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using BatchRunner runner = new(store, state, async http =>
        {
            asked.TrySetResult();
            await answered.Task.WaitAsync(http.RequestAborted);
            await http.Response.Body.WriteAsync("{}"u8.ToArray(), Token);
        });
        runner.Start();
        Begin();
        await asked.Task;
        long held = state.RequireMemory().UsedBytes;
        Batch[] waiting = [.. Enumerable.Range(0, 20).Select(_ => Begin())];
        while (waiting.Any(b => b.Record.Status == BatchStatus.Validating))
        {
            await Task.Delay(5, Token);
        }

        Assert.Equal(held, state.RequireMemory().UsedBytes);
        answered.SetResult();
        while (!waiting.All(b => b.Record.HasEnded))
        {
            await Task.Delay(5, Token);
        }

        Assert.All(waiting, b => Assert.Equal((BatchStatus.Completed, 1), (b.Record.Status, b.Counts.Completed)));

        Batch Begin()
        {
            string id = StoredFile.NewId(), path = files.UnfinishedPathOf(id), text = BatchDaemon.Line("a", "{}");
            File.WriteAllText(path, text);
            files.Keep(new StoredFile(id, "me", StoredFile.BatchPurpose, "a", text.Length, files.Now), path);
            return store.Add(Record("me", id, files.Now + 3600));
        }
    }

    [Fact]
    public async Task Create_ThatDoesNotFit_IsRefusedByName()
    {
        JsonElement unknown = await daemon.AskAsync("POST", "/v1/batches",
            """{"input_file_id":"file-0","endpoint":"/v1/chat/completions","completion_window":"24h"}""", HttpStatusCode.NotFound);
        Assert.Equal("input_file_id", unknown.GetProperty("error").GetProperty("param").GetString());
        JsonElement window = await daemon.AskAsync("POST", "/v1/batches",
            """{"input_file_id":"file-0","endpoint":"/v1/chat/completions","completion_window":"31d"}""", HttpStatusCode.BadRequest);
        Assert.Equal("completion_window", window.GetProperty("error").GetProperty("param").GetString());
        await daemon.AskAsync("GET", "/v1/batches/batch_0", expected: HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Offline_OutputThatWasTorn_IsCompletedWithEveryNameOnce()
    {
        string input = Path.Combine(daemon.Folder, "requests.jsonl"), output = Path.Combine(daemon.Folder, "results.jsonl");
        string[] ids = [.. Enumerable.Range(0, 5).Select(i => $"{i}")];
        await File.WriteAllTextAsync(input, string.Concat(ids.Select(i => BatchDaemon.Line(i, BatchDaemon.Chat(i, 2))))
            + BatchDaemon.Line("wrong", "{}"), Token);
        BatchReport first = await OfflineBatch.RunAsync(daemon.Model, input, output, null, null, Token);
        Assert.Equal((6, 5, 1), (first.Total, first.Completed, first.Failed));
        string[] lines = await File.ReadAllLinesAsync(output, Token);
        string torn = string.Join('\n', lines.Take(3)) + "\n" + lines[3][..(lines[3].Length / 2)];
        await File.WriteAllTextAsync(output, torn, Token);
        BatchReport second = await OfflineBatch.RunAsync(daemon.Model, input, output, null, null, Token);
        Assert.Equal((6, 5, 1), (second.Total, second.Completed, second.Failed));
        string[] again = await File.ReadAllLinesAsync(output, Token);
        Assert.Equal(lines.Take(3), again.Take(3));
        Assert.Equal([.. ids, "wrong"], again.Select(l =>
            JsonSerializer.Deserialize<JsonElement>(l).GetProperty("custom_id").GetString()!).Order());
        await File.WriteAllTextAsync(output, "{\"a\":1}\n", Token);
        await Assert.ThrowsAsync<InvalidDataException>(() => OfflineBatch.RunAsync(daemon.Model, input, output, null, null, Token));
        await File.WriteAllTextAsync(input, "x\n", Token);
        BatchReport faulty = await OfflineBatch.RunAsync(daemon.Model, input, output, null, null, Token);
        Assert.Equal(1, Assert.Single(faulty.Errors!).Line);
    }

    private static BatchRecord Record(string owner, string fileId, long expiresAt) => new()
    {
        Id = "batch_" + Guid.NewGuid().ToString("N"),
        Owner = owner,
        Scope = "s",
        Endpoint = "/v1/chat/completions",
        InputFileId = fileId,
        CompletionWindow = "24h",
        CreatedAt = 1,
        ExpiresAt = expiresAt,
        OutputFileId = StoredFile.NewId(),
        ErrorFileId = StoredFile.NewId(),
    };

    private static string Said(JsonElement answer) =>
        answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;

    private async Task RunningAsync()
    {
        while (daemon.Admission.Running == 0)
        {
            await Task.Delay(5, Token);
        }
    }

    private Task<JsonElement> AskShortAsync(int number) =>
        daemon.AskAsync("POST", "/v1/chat/completions", BatchDaemon.Chat($"Hello {number}", 2));

    private async Task<string> OwnerAsync()
    {
        string id = await daemon.BeginAsync(BatchDaemon.Line("a", BatchDaemon.Chat("a", 1)));
        await daemon.EndOfAsync(id);
        string record = Directory.GetFiles(daemon.Folder, id + ".json", SearchOption.AllDirectories).Single();
        return JsonSerializer.Deserialize<JsonElement>(Encoding.UTF8.GetString(await File.ReadAllBytesAsync(record, Token)))
            .GetProperty("owner").GetString()!;
    }
}
