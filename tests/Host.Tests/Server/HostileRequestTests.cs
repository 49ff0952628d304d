using System.Diagnostics;
using System.Net;
using System.Text.Json;

namespace LayerStream.Host.Tests.Server;

/// <summary>Requests that mean no good, to the daemon in process: each is refused with the shape of errors, and the next is
/// answered.</summary>
[Collection(ShippedDaemon.Collection)]
public sealed class HostileRequestTests(ShippedDaemon daemon)
{
    private const string Chat = "/v1/chat/completions";

    private static readonly string[] s_odd = ["-1", "1e308", "9223372036854775808", "-9223372036854775809", "\"x\"", "null", "[]", "[1]",
        "{}", "true", "\"NaN\"", "1e-320", "0.5"];

    public static TheoryData<string> Numbers => ["temperature", "top_p", "top_k", "min_p", "typical_p", "seed", "n", "max_tokens",
        "max_completion_tokens", "frequency_penalty", "presence_penalty", "repeat_penalty", "repeat_last_n", "top_logprobs", "logit_bias",
        "xtc_probability", "xtc_threshold", "dry_multiplier", "dry_base", "dry_allowed_length", "top_n_sigma", "stop", "stream_options"];

    [Fact]
    public async Task Picture_InTheRequestsOfFour_IsRefusedAndTheNextIsAnswered()
    {
        string picture = "data:image/png;base64," + new string('A', 3 << 20);
        string part = $$$"""{"type":"image_url","image_url":{"url":"{{{picture}}}"}}""";
        string body = $$"""{"messages":[{"role":"user","content":[{{part}}]}],"max_tokens":1}""";
        Task<HttpResponseMessage>[] clients = [.. Enumerable.Range(0, 4).Select(_ => daemon.RespondAsync("POST", Chat, body))];
        foreach (HttpResponseMessage reply in await Task.WhenAll(clients))
        {
            using (reply)
            {
                Assert.Contains((int)reply.StatusCode, new[] { 400, 413, 429 });
            }
        }

        using HttpResponseMessage next = await daemon.RespondAsync("POST", Chat,
            """{"messages":[{"role":"user","content":"a"}],"max_tokens":1}""");
        Assert.Equal(HttpStatusCode.OK, next.StatusCode);
    }

    [Theory]
    [MemberData(nameof(Numbers))]
    public async Task Parameter_OfAnyOddValue_IsTakenOrRefused(string name)
    {
        foreach (string value in s_odd)
        {
            string length = name is "max_tokens" or "max_completion_tokens" ? "\"stop\":[\"e\",\"a\",\" \"]" : "\"max_tokens\":1";
            if (name.StartsWith("max_", StringComparison.Ordinal) && value is "null" or "-1")
            {
                continue; // an answer of any length, which is no fault
            }

            using HttpResponseMessage reply = await daemon.RespondAsync("POST", Chat,
                $$"""{"messages":[{"role":"user","content":"a"}],{{length}},"{{name}}":{{value}}}""");
            await AssertRefusedOrOkAsync(reply, $"{name} = {value}");
        }
    }

    [Theory]
    [InlineData("/v1/completions", "\"max_tokens\":1,\"prompt\":[49152]")]
    [InlineData("/v1/completions", "\"max_tokens\":1,\"prompt\":[1,-1]")]
    [InlineData("/v1/completions", "\"max_tokens\":1,\"prompt\":[2147483647]")]
    [InlineData("/v1/completions", "\"max_tokens\":1,\"prompt\":[4294967297]")]
    [InlineData("/v1/completions", "\"max_tokens\":1,\"prompt\":[1e308]")]
    [InlineData("/v1/completions", "\"max_tokens\":1,\"prompt\":[1.5]")]
    [InlineData("/v1/completions", "\"max_tokens\":1,\"prompt\":[[1],[49152]]")]
    [InlineData("/v1/completions", "\"max_tokens\":1,\"prompt\":[[[1]]]")]
    [InlineData("/v1/completions", "\"max_tokens\":1,\"prompt\":[null]")]
    [InlineData("/v1/completions", "\"max_tokens\":1,\"prompt\":[1,\"a\"]")]
    [InlineData("/detokenize", "\"tokens\":[49152]")]
    [InlineData("/detokenize", "\"tokens\":[-1]")]
    [InlineData("/detokenize", "\"tokens\":[9223372036854775808]")]
    [InlineData("/detokenize", "\"tokens\":[1.5]")]
    [InlineData("/detokenize", "\"tokens\":[[1]]")]
    [InlineData("/detokenize", "\"tokens\":\"1\"")]
    [InlineData(Chat, "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"logit_bias\":{\"-1\":1}")]
    [InlineData(Chat, "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"logit_bias\":{\"9223372036854775808\":1}")]
    [InlineData(Chat, "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"logit_bias\":[[49152,1]]")]
    public async Task TokenIds_ThatAreNone_Are400(string path, string members)
    {
        using HttpResponseMessage reply = await daemon.RespondAsync("POST", path, $"{{{members}}}");
        Assert.Equal(HttpStatusCode.BadRequest, reply.StatusCode);
        await AssertRefusedOrOkAsync(reply, members);
    }

    [Theory]
    [InlineData("../../../../etc/passwd")]
    [InlineData("/etc/passwd")]
    [InlineData("..\\..\\windows\\win.ini")]
    [InlineData("file:///etc/passwd")]
    [InlineData("SmolLM2/../../etc/passwd")]
    [InlineData("smollm2\u0000.gguf")]
    public async Task Model_NamedAsAPath_IsNotFound(string name)
    {
        string quoted = JsonSerializer.Serialize(name);
        string messages = "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]";
        foreach ((string path, string body) in ((string, string)[])
            [
                (Chat, $"{{\"model\":{quoted},{messages},\"max_tokens\":1}}"),
                ("/v1/completions", $"{{\"model\":{quoted},\"prompt\":\"a\",\"max_tokens\":1}}"),
                ("/v1/messages", $"{{\"model\":{quoted},{messages},\"max_tokens\":1}}"),
                ("/v1/responses", $"{{\"model\":{quoted},\"input\":\"a\",\"max_output_tokens\":1}}"),
                ("/api/chat", $"{{\"model\":{quoted},{messages},\"options\":{{\"num_predict\":1}}}}"),
                ("/api/show", $"{{\"model\":{quoted}}}"),
            ])
        {
            using HttpResponseMessage reply = await daemon.RespondAsync("POST", path, body);
            Assert.True(reply.StatusCode == HttpStatusCode.NotFound, $"{path}: {reply.StatusCode}");
        }

        if (name.Contains('\0', StringComparison.Ordinal))
        {
            return; // no address has that
        }

        using HttpResponseMessage listed = await daemon.RespondAsync("GET", "/v1/models/" + Uri.EscapeDataString(name));
        Assert.Equal(HttpStatusCode.NotFound, listed.StatusCode);
    }

    public static TheoryData<string, string> Grammars => new()
    {
        { "guided_regex", "\"" + new string('(', 50_000) + "a" + new string(')', 50_000) + "\"" },
        { "guided_regex", "\"x{999999}\"" },
        { "guided_regex", "\"((((a{99}){99}){99}){99}){99}\"" },
        { "guided_regex", "\"(a)\\\\1\"" },
        { "guided_regex", "\"" + string.Concat(Enumerable.Repeat("(?=.*a)", 3_000)) + "\"" },
        { "grammar", "\"root ::= " + new string('(', 50_000) + "\"" },
        { "grammar", "\"root ::= root \\\"a\\\" | \\\"a\\\"\"" },
        { "grammar", "\"root ::= \\\"a\\\"{9999}{9999}\"" },
        { "guided_json", "{\"pattern\":\"^(a|b)*a(a|b){40}$\"}" },
        { "guided_json", "{\"$ref\":\"#\"}" },
        { "guided_json", "{\"const\":\"\\ud800\"}" },
        { "guided_json", "{\"minimum\":1e999999}" },
        { "guided_json", "{\"multipleOf\":0}" },
        { "guided_json", "{\"type\":17}" },
        { "guided_json", "{\"allOf\":[" + string.Join(',', Enumerable.Range(0, 20).Select(i =>
            $"{{\"anyOf\":[{{\"required\":[\"a{i}\"]}},{{\"required\":[\"b{i}\"]}}]}}")) + "]}" },
        { "guided_choice", "[]" },
    };

    [Theory]
    [MemberData(nameof(Grammars))]
    public async Task Grammar_BeyondItsLimits_Is400ThatNamesTheMember(string member, string value)
    {
        Stopwatch clock = Stopwatch.StartNew();
        using HttpResponseMessage reply = await daemon.RespondAsync("POST", Chat,
            $$"""{"messages":[{"role":"user","content":"a"}],"max_tokens":1,"{{member}}":{{value}}}""");
        string body = await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(reply.StatusCode == HttpStatusCode.BadRequest, body);
        Assert.Contains(member, JsonSerializer.Deserialize<JsonElement>(body).GetProperty("error").GetProperty("param").GetString());
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"refused after {clock.Elapsed}");
    }

    [Theory]
    [InlineData(5_000)]
    [InlineData(60)]
    public async Task Body_NestedDeeply_Is400(int depth)
    {
        string nested = new string('[', depth) + new string(']', depth);
        using HttpResponseMessage reply = await daemon.RespondAsync("POST", Chat,
            $$"""{"messages":[{"role":"user","content":"a"}],"chat_template_kwargs":{"a":{{nested}}},"max_tokens":1}""");
        await AssertRefusedOrOkAsync(reply, $"{depth} levels");
        Assert.Equal(depth > 64, reply.StatusCode == HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData(26_000)]
    [InlineData(900_000)]
    public async Task Prompt_OfOneEndlessWord_IsRefusedSoon(int letters)
    {
        Stopwatch clock = Stopwatch.StartNew();
        using HttpResponseMessage reply = await daemon.RespondAsync("POST", Chat,
            $$"""{"messages":[{"role":"user","content":"{{new string('a', letters)}}"}],"max_tokens":1}""");
        Assert.Contains((int)reply.StatusCode, (int[])[400, 413]);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"refused after {clock.Elapsed}");
    }

    private static async Task AssertRefusedOrOkAsync(HttpResponseMessage reply, string what)
    {
        string body = await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(reply.StatusCode is HttpStatusCode.OK or HttpStatusCode.BadRequest, $"{what}: {reply.StatusCode} {body}");
        JsonElement answer = JsonSerializer.Deserialize<JsonElement>(body);
        if (reply.StatusCode == HttpStatusCode.BadRequest)
        {
            Assert.Equal(["code", "message", "param", "type"],
                answer.GetProperty("error").EnumerateObject().Select(m => m.Name).Order(StringComparer.Ordinal));
        }
    }
}
