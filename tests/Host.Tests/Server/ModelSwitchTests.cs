using System.Diagnostics;
using System.Text.Json;
using LayerStream.Session;
using LayerStream.Session.Catalogue;

namespace LayerStream.Host.Tests.Server;

/// <summary>One model at a time out of several, by the names in requests.</summary>
public sealed class ModelSwitchTests
{
    private static readonly TimeSpan s_soon = TimeSpan.FromMilliseconds(50);

    private static readonly (string Path, string Body)[] s_unknown =
    [
        ("/v1/chat/completions", """{"model":"nowhere","messages":[{"role":"user","content":"x"}]}"""),
        ("/v1/completions", """{"model":"nowhere","prompt":"x"}"""),
        ("/v1/responses", """{"model":"nowhere","input":"x"}"""),
        ("/v1/messages", """{"model":"nowhere","max_tokens":5,"messages":[{"role":"user","content":"x"}]}"""),
        ("/v1/messages/count_tokens", """{"model":"nowhere","messages":[{"role":"user","content":"x"}]}"""),
        ("/v1/embeddings", """{"model":"nowhere","input":"x"}"""),
        ("/api/chat", """{"model":"nowhere","messages":[{"role":"user","content":"x"}]}"""),
        ("/api/show", """{"model":"nowhere"}"""),
        ("/tokenize", """{"model":"nowhere","content":"x"}"""),
        ("/v1/layerstream/models/load", """{"model":"nowhere"}"""),
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Models_BeforeAnyRequest_AreListedWithTheirPlansAndNoneIsLoaded()
    {
        await using SwitchingDaemon daemon = await new SwitchingDaemon().StartAsync();
        JsonElement[] models = [.. (await daemon.GetAsync("/v1/models")).GetProperty("data").EnumerateArray()];
        Assert.Equal(["one", "two"], models.Select(m => m.GetProperty("id").GetString()));
        Assert.All(models, m => Assert.Equal("available", m.GetProperty("state").GetString()));
        Assert.All(models, m => Assert.True(m.GetProperty("plan").GetProperty("fits").GetBoolean()));
        JsonElement broken = (await daemon.GetAsync("/v1/layerstream/models")).GetProperty("models").EnumerateArray()
            .Single(m => m.GetProperty("id").GetString() == "broken");
        Assert.Equal("unusable", broken.GetProperty("state").GetString());
        Assert.NotEmpty(broken.GetProperty("problem").GetString()!);
        Assert.Equal("ok", (await daemon.GetAsync("/health")).GetProperty("status").GetString());
        Assert.Equal(2, (await daemon.GetAsync("/api/tags")).GetProperty("models").GetArrayLength());
        Assert.Equal(0, (await daemon.GetAsync("/api/ps")).GetProperty("models").GetArrayLength());
        Assert.Equal(0, daemon.Loads);
    }

    [Fact]
    public async Task Requests_NamingOneModelAfterTheOther_AreAnsweredByTheirs()
    {
        await using SwitchingDaemon daemon = await new SwitchingDaemon().StartAsync();
        string answer = await daemon.AskAsync("one");
        Assert.Equal("loaded", await daemon.StateOfAsync("one"));
        Assert.Equal(answer, await daemon.AskAsync("two"));
        Assert.Equal("available", await daemon.StateOfAsync("one"));
        Assert.Equal(answer, await daemon.AskAsync("two"));
        Assert.Equal(answer, await daemon.AskAsync("one"));
        Assert.Equal(3, daemon.Loads);
        (int status, JsonElement same) = await daemon.PostAsync("/v1/chat/completions", SwitchingDaemon.Question("default"));
        Assert.Equal((200, "one"), (status, same.GetProperty("model").GetString()));
        Assert.Equal("one", (await daemon.GetAsync("/api/ps")).GetProperty("models")[0].GetProperty("name").GetString());
    }

    [Fact]
    public async Task Clients_ThatAlternate_AreAllAnsweredWithoutALoadForEach()
    {
        await using SwitchingDaemon daemon = await new SwitchingDaemon().StartAsync();
        string expected = await daemon.AskAsync("one");
        string[][] answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(async client =>
        {
            List<string> own = [];
            for (int i = 0; i < 5; i++)
            {
                own.Add(await daemon.AskAsync(client % 2 == 0 ? "one" : "two"));
            }

            return own.ToArray();
        }));
        Assert.All(answers.SelectMany(a => a), a => Assert.Equal(expected, a));
        Assert.InRange(daemon.Loads, 2, 15);
    }

    [Fact]
    public async Task Request_OfAnUnknownModel_Is404OfItsProtocol()
    {
        await using SwitchingDaemon daemon = await new SwitchingDaemon().StartAsync();
        foreach ((string path, string body) in s_unknown)
        {
            (int status, JsonElement reply) = await daemon.PostAsync(path, body);
            Assert.Equal((path, 404), (path, status));
            JsonElement error = reply.GetProperty("error");
            Assert.Contains("no such model", (error.ValueKind == JsonValueKind.String ? error : error.GetProperty("message")).GetString(),
                StringComparison.Ordinal);
        }

        Assert.Equal(0, daemon.Loads);
    }

    [Fact]
    public async Task Request_OfADamagedModel_IsRefusedByNameAndTheOtherGoesOn()
    {
        await using SwitchingDaemon daemon = await new SwitchingDaemon { First = "one.gguf" }.StartAsync();
        string answer = await daemon.AskAsync("one");
        (int status, JsonElement reply) = await daemon.PostAsync("/v1/chat/completions", SwitchingDaemon.Question("broken"));
        Assert.Equal((400, "model_not_loadable"), (status, reply.GetProperty("error").GetProperty("code").GetString()));
        Assert.Contains("'broken'", reply.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(answer, await daemon.AskAsync("one"));
        Assert.Equal(1, daemon.Loads);
    }

    [Fact]
    public async Task Load_ThatFails_RefusesThoseWhoWaitAndTheLastModelComesBackOnDemand()
    {
        TaskCompletionSource fails = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using SwitchingDaemon daemon = await new SwitchingDaemon
        {
            BeforeLoad = file => file == "two.gguf" ? fails.Task : Task.CompletedTask,
        }.StartAsync();
        string answer = await daemon.AskAsync("one");
        Task<(int Status, JsonElement Body)>[] waiting = [.. Enumerable.Range(0, 3).Select(_ =>
            daemon.PostAsync("/v1/chat/completions", SwitchingDaemon.Question("two")))];
        await daemon.UntilAsync("two", "loading");
        fails.SetException(new IOException("the disk has gone"));
        foreach ((int status, JsonElement reply) in await Task.WhenAll(waiting))
        {
            Assert.Equal((503, "model_load_failed"), (status, reply.GetProperty("error").GetProperty("code").GetString()));
        }

        Assert.Equal("available", await daemon.StateOfAsync("one"));
        Assert.Equal(answer, await daemon.AskAsync("one"));
    }

    [Fact]
    public async Task Failure_BehindSignsOfLife_HasTheFormOfItsApi()
    {
        const string Said = """ "model":"two","messages":[{"role":"user","content":"x"}] """, Whole = ",\"stream\":false",
            Stream = ",\"stream\":true";
        const string OpenAi = "{\"error\":{\"message\":", Anthropic = "{\"type\":\"error\",\"error\":{\"type\":", Ollama = "{\"error\":\"";
        (string Path, string Body, string Sign, string Error)[] asked =
        [
            ("/v1/chat/completions", Said, " ", OpenAi), ("/v1/chat/completions", Said + Stream, ": ping\n\n", "data: " + OpenAi),
            ("/v1/completions", """ "model":"two","prompt":"x" """, " ", OpenAi),
            ("/v1/responses", """ "model":"two","input":"x" """, " ", OpenAi),
            ("/v1/responses", """ "model":"two","input":"x" """ + Stream, ": ping\n\n", "event: error\ndata: {\"type\":\"error\","),
            ("/v1/messages", Said, " ", Anthropic), ("/v1/messages", Said + Stream, ": ping\n\n", "event: error\ndata: " + Anthropic),
            ("/api/chat", Said + Whole, " ", Ollama), ("/api/chat", Said, "{\"model\":", Ollama),
            ("/api/generate", """ "model":"two","prompt":"x" """ + Whole, " ", Ollama),
            ("/api/generate", """ "model":"two","prompt":"x" """, "{\"model\":", Ollama),
            ("/v1/embeddings", """ "model":"two","input":"x" """, " ", OpenAi),
            ("/api/embed", """ "model":"two","input":"x" """, " ", Ollama),
            ("/api/embeddings", """ "model":"two","prompt":"x" """, " ", Ollama),
            ("/v1/score", """ "model":"two","prompt":"x","choices":["a","b"] """, " ", OpenAi),
        ];
        TaskCompletionSource fails = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using SwitchingDaemon daemon = await new SwitchingDaemon { BeforeLoad = _ => fails.Task, FirstSign = s_soon }.StartAsync();
        using CountdownEvent signs = new(asked.Length);
        Task<string>[] heard = [.. asked.Select(a => daemon.HearAsync(a.Path, $"{{{a.Body}}}", _ => signs.Signal()))];
        await daemon.UntilAsync("two", "loading");
        Assert.True(signs.Wait(TimeSpan.FromMinutes(1), Token), $"{signs.CurrentCount} have had no sign");
        fails.SetException(new IOException("the disk has gone"));
        string[] texts = await Task.WhenAll(heard);
        Assert.All(asked.Zip(texts), pair =>
        {
            string what = $"{pair.First.Path} {pair.First.Body}: {pair.Second}";
            Assert.True(pair.Second.StartsWith(pair.First.Sign, StringComparison.Ordinal), what);
            Assert.True(pair.Second.Contains(pair.First.Error, StringComparison.Ordinal), what);
            Assert.False(pair.Second.Contains("[DONE]", StringComparison.Ordinal), what);
        });
    }

    [Theory]
    [InlineData("/v1/chat/completions", ": ping")]
    [InlineData("/v1/messages", ": ping")]
    [InlineData("/v1/responses", ": ping")]
    [InlineData("/api/chat", "\"done\":false")]
    public async Task Stream_ThatWaitsForItsModel_HearsSignsOfLifeThenItsAnswer(string path, string sign)
    {
        TaskCompletionSource loads = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using SwitchingDaemon daemon = await new SwitchingDaemon { BeforeLoad = _ => loads.Task, FirstSign = s_soon }.StartAsync();
        string member = path == "/v1/responses" ? "input" : "messages";
        string body = $$"""{"model":"one","stream":true,"{{member}}":[{"role":"user","content":"x"}]"""
            + (path == "/v1/messages" ? ""","max_tokens":4}""" : path == "/api/chat" ? ""","options":{"num_predict":4}}"""
                : path == "/v1/responses" ? ""","max_output_tokens":16}""" : ""","max_tokens":4}""");
        TaskCompletionSource<int> begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<string> heard = daemon.HearAsync(path, body, begun.SetResult);
        await daemon.UntilAsync("one", "loading");
        JsonElement health = await daemon.GetAsync("/health");
        Assert.Equal(("switching", "one"), (health.GetProperty("status").GetString(), health.GetProperty("model").GetString()));
        Assert.Equal("opening", (await daemon.GetAsync("/v1/models/one")).GetProperty("progress").GetProperty("stage").GetString());
        Assert.Equal(200, await begun.Task.WaitAsync(TimeSpan.FromMinutes(1), Token));
        loads.SetResult();
        string text = await heard;
        Assert.Contains(sign, text.Split('\n')[0], StringComparison.Ordinal);
        Assert.DoesNotContain("\"error\":{", text, StringComparison.Ordinal);
        Assert.Contains(path switch
        {
            "/v1/chat/completions" => "[DONE]",
            "/v1/messages" => "message_stop",
            "/v1/responses" => "response.",
            _ => "\"done\":true",
        }, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Model_ThatNobodyUses_IsUnloadedAndComesBackWhenAskedFor()
    {
        await using SwitchingDaemon daemon = await new SwitchingDaemon { IdleTime = TimeSpan.FromSeconds(0.3) }.StartAsync();
        string answer = await daemon.AskAsync("one");
        await daemon.UntilAsync("one", "available");
        Assert.Null(daemon.State.Model);
        Assert.Equal(answer, await daemon.AskAsync("one"));
        Assert.Equal(2, daemon.Loads);
    }

    [Fact]
    public async Task Unload_WhileRequestsCome_LosesNone()
    {
        await using SwitchingDaemon daemon = await new SwitchingDaemon().StartAsync();
        string expected = await daemon.AskAsync("one", 3);
        for (int i = 0; i < 8; i++)
        {
            Task<string>[] asked = [daemon.AskAsync("one", 3), daemon.AskAsync("one", 3)];
            Task<(int Status, JsonElement Body)> unload = daemon.PostAsync("/v1/layerstream/models/unload", """{"model":"one"}""");
            string late = await daemon.AskAsync("one", 3);
            Assert.All([late, .. await Task.WhenAll(asked)], a => Assert.Equal(expected, a));
            Assert.Equal(200, (await unload).Status);
        }
    }

    [Fact]
    public async Task KeepAlive_OfTheOllamaApi_IsFollowed()
    {
        await using SwitchingDaemon daemon = await new SwitchingDaemon().StartAsync();
        (_, JsonElement loaded) = await daemon.PostAsync("/api/generate", """{"model":"one","keep_alive":"1h"}""");
        Assert.Equal("load", loaded.GetProperty("done_reason").GetString());
        Assert.Equal(TimeSpan.FromHours(1), daemon.Models.KeepTime);
        (_, JsonElement unloaded) = await daemon.PostAsync("/api/generate", """{"model":"one","keep_alive":0}""");
        Assert.Equal("unload", unloaded.GetProperty("done_reason").GetString());
        await daemon.UntilAsync("one", "available");
        (_, JsonElement again) = await daemon.PostAsync("/api/chat", """{"model":"two","keep_alive":0}""");
        Assert.Equal("unload", again.GetProperty("done_reason").GetString());
        Assert.Equal(1, daemon.Loads);
        (int status, JsonElement answer) = await daemon.PostAsync("/api/chat", """
            {"model":"two","stream":false,"keep_alive":0,"options":{"num_predict":3},"messages":[{"role":"user","content":"Hi"}]}
            """);
        Assert.Equal((200, true), (status, answer.GetProperty("done").GetBoolean()));
        await daemon.UntilAsync("two", "available");
    }

    [Fact]
    public async Task Answers_OfTheLoadedModel_EndWithWhatTheyHaveWhenTheirTimeIsOver()
    {
        await using SwitchingDaemon daemon = await new SwitchingDaemon { MostDrain = TimeSpan.FromSeconds(1) }.StartAsync();
        await daemon.AskAsync("one", 1);
        Task<(int Status, JsonElement Body)> lengthy = daemon.PostAsync("/v1/chat/completions",
            """{"model":"one","messages":[{"role":"user","content":"Tell a story."}],"max_tokens":480,"ignore_eos":true}""");
        while (daemon.State.Admission.Running == 0)
        {
            await Task.Delay(5, Token);
        }

        Task<string> other = daemon.AskAsync("two", 3);
        (int status, JsonElement cut) = await lengthy;
        Assert.Equal(200, status);
        Assert.Equal("length", cut.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        await other;
    }

    [Fact]
    public async Task Requests_ThatWaitForOtherModels_AreBounded()
    {
        TaskCompletionSource loads = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using SwitchingDaemon daemon = await new SwitchingDaemon { BeforeLoad = _ => loads.Task, MostWaiting = 2 }.StartAsync();
        Task<string>[] waiting = [daemon.AskAsync("one", 2), daemon.AskAsync("one", 2)];
        while (daemon.Models.Waiting < 2)
        {
            await Task.Delay(5, Token);
        }

        Stopwatch time = Stopwatch.StartNew();
        using HttpResponseMessage refused = await daemon.RespondAsync("POST", "/v1/chat/completions", SwitchingDaemon.Question("two"));
        Assert.Equal(429, (int)refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.True(time.Elapsed < TimeSpan.FromSeconds(10));
        loads.SetResult();
        await Task.WhenAll(waiting);
    }

    [Fact]
    public async Task Client_ThatLeavesWhileItWaits_LeavesNothingBehind()
    {
        TaskCompletionSource loads = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using SwitchingDaemon daemon = await new SwitchingDaemon { BeforeLoad = _ => loads.Task }.StartAsync();
        using CancellationTokenSource left = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Task<LayerStream.Host.Server.Service.ModelHold> waiting = daemon.Models.TakeAsync(daemon.Models.Resolve("one"), left.Token);
        await daemon.UntilAsync("one", "loading");
        await left.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        loads.SetResult();
        await daemon.UntilAsync("one", "loaded");
        Assert.NotNull(daemon.State.Served!.IdleSince);
        Assert.Equal(0, daemon.Models.Waiting);
        Assert.Equal(0, daemon.Models.Bodies.UsedBytes);
    }

    [Fact]
    public async Task Preset_AskedByName_HasSettingsOfItsOwn()
    {
        ModelOptions own = new() { ModelPath = "", Context = 256, LimitsHeap = false, SystemPrompt = "You are a pirate." };
        ModelPreset preset = new("pirate", "two", own, [KeyValuePair.Create("context", "256")]) { BudgetShare = 0.5 };
        await using SwitchingDaemon daemon = await new SwitchingDaemon { Presets = [preset] }.StartAsync();
        (_, JsonElement prompt) = await daemon.PostAsync("/apply-template", """
            {"model":"pirate","messages":[{"role":"user","content":"Hi"}]}
            """);
        Assert.Contains("You are a pirate.", prompt.GetProperty("prompt").GetString(), StringComparison.Ordinal);
        JsonElement listed = await daemon.GetAsync("/v1/models/PIRATE:latest");
        Assert.Equal(("pirate", 256), (listed.GetProperty("id").GetString(), listed.GetProperty("context_length").GetInt32()));
        Assert.Equal(512L << 20, daemon.State.Model!.Plan.Sheet.BudgetBytes);
        (_, JsonElement said) = await daemon.PostAsync("/apply-template", """
            {"model":"pirate","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}]}
            """);
        Assert.DoesNotContain("pirate", said.GetProperty("prompt").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Delete_OfAModel_NeedsPermissionItsWholeNameAndThatItIsNotLoaded()
    {
        await using SwitchingDaemon strict = await new SwitchingDaemon().StartAsync();
        Assert.Equal(403, await DeleteAsync(strict, "one"));
        await using SwitchingDaemon daemon = await new SwitchingDaemon { AllowsDelete = true }.StartAsync();
        await daemon.AskAsync("one", 1);
        Assert.Equal(409, await DeleteAsync(daemon, "one"));
        Assert.Equal(404, await DeleteAsync(daemon, "nowhere"));
        Assert.Equal(200, await DeleteAsync(daemon, "TWO:latest"));
        Assert.Equal((200, 2), ((await daemon.PostAsync("/v1/chat/completions", SwitchingDaemon.Question("one"))).Status,
            Directory.GetFiles(daemon.Folder).Length));

        static async Task<int> DeleteAsync(SwitchingDaemon daemon, string model)
        {
            using HttpResponseMessage reply = await daemon.RespondAsync("DELETE", "/api/delete", $$"""{"model":"{{model}}"}""");
            return (int)reply.StatusCode;
        }
    }

    [Fact]
    public async Task StoredResponse_AfterAChangeOfTheModel_IsStillThere()
    {
        await using SwitchingDaemon daemon = await new SwitchingDaemon().StartAsync();
        (_, JsonElement response) = await daemon.PostAsync("/v1/responses", """{"model":"one","input":"Hi","max_output_tokens":16}""");
        string id = response.GetProperty("id").GetString()!;
        await daemon.AskAsync("two", 2);
        Assert.Equal(id, (await daemon.GetAsync("/v1/responses/" + id)).GetProperty("id").GetString());
    }
}
