using System.Net;
using System.Text.Json;

namespace LayerStream.Host.Tests.Server;

/// <summary>Completions, and several choices, with the model that comes with the program.</summary>
[Collection(ShippedDaemon.Collection)]
public sealed class CompletionsTests(ShippedDaemon daemon)
{
    private const string Path = "/v1/completions";

    [Fact]
    public async Task Completion_OfTextIdsOrArrays_IsTheSameText()
    {
        JsonElement text = await daemon.PostAsync(Path, """{"prompt":"The capital of France is","max_tokens":6,"temperature":0}""");
        JsonElement choice = text.GetProperty("choices")[0];
        string said = choice.GetProperty("text").GetString()!;
        Assert.NotEmpty(said);
        Assert.Equal("length", choice.GetProperty("finish_reason").GetString());
        Assert.Equal(JsonValueKind.Null, choice.GetProperty("logprobs").ValueKind);
        Assert.Equal(6, text.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        string ids = (await daemon.PostAsync("/tokenize", """{"content":"The capital of France is"}""")).GetProperty("tokens").GetRawText();
        JsonElement several = await daemon.PostAsync(Path, $$"""{"prompt":[{{ids}},{{ids}}],"max_tokens":6,"temperature":0}""");
        Assert.Equal([(0, said), (1, said)], Choices(several));
        JsonElement one = await daemon.PostAsync(Path, $$"""{"prompt":{{ids}},"max_tokens":6,"temperature":0}""");
        Assert.Equal([(0, said)], Choices(one));
    }

    [Fact]
    public async Task Completion_WithEchoAndLogProbabilities_BeginsWithThePromptAndItsTokens()
    {
        JsonElement reply = await daemon.PostAsync(Path,
            """{"prompt":"One two three","max_tokens":2,"temperature":0,"echo":true,"logprobs":2}""");
        JsonElement choice = reply.GetProperty("choices")[0];
        string text = choice.GetProperty("text").GetString()!;
        JsonElement found = choice.GetProperty("logprobs");
        Assert.StartsWith("One two three", text, StringComparison.Ordinal);
        Assert.Equal(text, string.Concat(found.GetProperty("tokens").EnumerateArray().Select(t => t.GetString())));
        Assert.Equal(JsonValueKind.Null, found.GetProperty("token_logprobs")[0].ValueKind);
        Assert.All(found.GetProperty("token_logprobs").EnumerateArray().Skip(1), p => Assert.True(p.GetSingle() <= 0));
        Assert.All(found.GetProperty("top_logprobs").EnumerateArray().Skip(1), p => Assert.Equal(2, p.EnumerateObject().Count()));
        int[] offsets = [.. found.GetProperty("text_offset").EnumerateArray().Select(o => o.GetInt32())];
        Assert.Equal(0, offsets[0]);
        Assert.Equal(text[offsets[2]..offsets[3]], found.GetProperty("tokens")[2].GetString());
        JsonElement alone = await daemon.PostAsync(Path, """{"prompt":"One two three","max_tokens":0,"echo":true,"logprobs":0}""");
        Assert.Equal("One two three", alone.GetProperty("choices")[0].GetProperty("text").GetString());
        Assert.Equal(0, alone.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task Completion_Stream_AddsUpToTheWholeAnswerOfEachChoice()
    {
        const string request = """{"prompt":["One two","Red green"],"max_tokens":5,"temperature":0.9,"seed":3,"n":2,"echo":true}""";
        (int, string)[] whole = Choices(await daemon.PostAsync(Path, request));
        string sent = await daemon.SendAsync(Path, request[..^1] + ",\"stream\":true,\"stream_options\":{\"include_usage\":true}}");
        Assert.EndsWith("data: [DONE]\n\n", sent, StringComparison.Ordinal);
        List<JsonElement> events = StreamedBody.Events(sent);
        Assert.Equal(20, events[^1].GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        JsonElement[] pieces = [.. events.Where(e => e.GetProperty("choices").GetArrayLength() > 0)
            .Select(e => e.GetProperty("choices")[0])];
        (int, string)[] joined = [.. pieces.GroupBy(c => c.GetProperty("index").GetInt32()).OrderBy(g => g.Key)
            .Select(g => (g.Key, string.Concat(g.Select(c => c.GetProperty("text").GetString()))))];
        Assert.Equal(whole, joined);
        Assert.Equal(4, pieces.Count(c => c.GetProperty("finish_reason").ValueKind == JsonValueKind.String));
    }

    [Theory]
    [InlineData("{}", "prompt")]
    [InlineData("{\"prompt\":[]}", "prompt")]
    [InlineData("{\"prompt\":[1,49152]}", "prompt[1]")]
    [InlineData("{\"prompt\":[1,-1]}", "prompt[1]")]
    [InlineData("{\"prompt\":[[1],[2,99999999]]}", "prompt[1][1]")]
    [InlineData("{\"prompt\":[1,9223372036854775807]}", "prompt[1]")]
    [InlineData("{\"prompt\":\"a\",\"suffix\":\"b\"}", "suffix")]
    [InlineData("{\"prompt\":\"a\",\"max_tokens\":0}", "max_tokens")]
    [InlineData("{\"prompt\":\"a\",\"best_of\":2}", "best_of")]
    [InlineData("{\"prompt\":[\"a\",\"b\"],\"n\":17}", "n")]
    [InlineData("{\"prompt\":\"a\",\"messages\":[]}", "messages")]
    public async Task Refusal_OfAMember_NamesIt(string body, string param)
    {
        using HttpResponseMessage reply = await daemon.RespondAsync("POST", Path, body);
        Assert.Equal(HttpStatusCode.BadRequest, reply.StatusCode);
        using JsonDocument error = JsonDocument.Parse(await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(param, error.RootElement.GetProperty("error").GetProperty("param").GetString());
    }

    [Fact]
    public async Task Chat_SeveralChoices_DifferAndTheFirstIsTheOneAlone()
    {
        const string request = """{"messages":[{"role":"user","content":"Say a word."}],"max_tokens":6,"temperature":1.2,"seed":7}""";
        string alone = Text((await daemon.PostAsync("/v1/chat/completions", request)).GetProperty("choices")[0]);
        JsonElement reply = await daemon.PostAsync("/v1/chat/completions", request[..^1] + ",\"n\":3}");
        string[] texts = [.. reply.GetProperty("choices").EnumerateArray().Select(Text)];
        Assert.Equal(alone, texts[0]);
        Assert.True(texts.Distinct().Count() > 1);
        Assert.Equal([0, 1, 2], reply.GetProperty("choices").EnumerateArray().Select(c => c.GetProperty("index").GetInt32()));
        string[] again = [.. (await daemon.PostAsync("/v1/chat/completions", request[..^1] + ",\"n\":3,\"logprobs\":true}"))
            .GetProperty("choices").EnumerateArray().Select(Text)];
        Assert.Equal(texts, again);
        string sent = await daemon.SendAsync("/v1/chat/completions", request[..^1] + ",\"n\":3,\"stream\":true}");
        Assert.Single(sent.Split('\n'), l => l == "data: [DONE]");
        string[] streamed = [.. StreamedBody.Events(sent).Select(e => e.GetProperty("choices")[0])
            .GroupBy(c => c.GetProperty("index").GetInt32()).OrderBy(g => g.Key).Select(g => string.Concat(g.Select(c =>
                c.GetProperty("delta").TryGetProperty("content", out JsonElement content) ? content.GetString() : "")))];
        Assert.Equal(texts, streamed);
        Assert.Equal(texts.Length, StreamedBody.Events(sent).Count(e => e.GetProperty("choices")[0].GetProperty("delta")
            .TryGetProperty("role", out _)));
    }

    private static string Text(JsonElement choice) => choice.GetProperty("message").GetProperty("content").GetString()!;

    private static (int, string)[] Choices(JsonElement reply) => [.. reply.GetProperty("choices").EnumerateArray()
        .Select(c => (c.GetProperty("index").GetInt32(), c.GetProperty("text").GetString()!))];
}
