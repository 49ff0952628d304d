using System.Text.Json;
using LayerStream.Host.Tests.Server.Described;

namespace LayerStream.Host.Tests.Server;

/// <summary>Replies of the daemon are what the OpenAPI document says, without a member that it does not name.</summary>
[Collection(ShippedDaemon.Collection)]
public sealed class RecordedRepliesTests(ShippedDaemon daemon)
{
    private const string Hello = """[{"role":"user","content":"Hello."}]""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET", "/health", "")]
    [InlineData("GET", "/v1/models", "")]
    [InlineData("POST", "/v1/chat/completions", $$"""{"messages":{{Hello}},"max_tokens":3,"logprobs":true,"top_logprobs":2}""")]
    [InlineData("POST", "/v1/completions", """{"prompt":"Once","max_tokens":3,"logprobs":1}""")]
    [InlineData("POST", "/v1/responses", """{"input":"Hello.","max_output_tokens":3}""")]
    [InlineData("POST", "/v1/messages", $$"""{"messages":{{Hello}},"max_tokens":3}""")]
    [InlineData("POST", "/v1/messages/count_tokens", $$$"""{"messages":{{{Hello}}}}""")]
    [InlineData("POST", "/api/chat", $$$"""{"messages":{{{Hello}}},"stream":false,"options":{"num_predict":3}}""")]
    [InlineData("POST", "/api/generate", """{"prompt":"Hello.","stream":false,"options":{"num_predict":3}}""")]
    [InlineData("GET", "/api/tags", "")]
    [InlineData("GET", "/api/ps", "")]
    [InlineData("POST", "/api/show", """{"model":"default"}""")]
    [InlineData("GET", "/api/version", "")]
    [InlineData("POST", "/tokenize", """{"content":"Hello.","with_pieces":true}""")]
    [InlineData("POST", "/detokenize", """{"tokens":[1,2,3]}""")]
    [InlineData("POST", "/apply-template", $$$"""{"messages":{{{Hello}}}}""")]
    [InlineData("GET", "/props", "")]
    [InlineData("GET", "/slots", "")]
    [InlineData("GET", "/v1/layerstream/status", "")]
    [InlineData("GET", "/v1/layerstream/requests", "")]
    [InlineData("GET", "/v1/layerstream/plan", "")]
    [InlineData("POST", "/v1/embeddings", """{"input":"a"}""")]
    [InlineData("POST", "/v1/score", """{"questions":[{"prompt":"Yes or no?","choices":[" yes"," no"],"id":7}]}""")]
    [InlineData("POST", "/v1/chat/completions", """{"messages":7}""")]
    [InlineData("POST", "/v1/messages", """{"messages":7}""")]
    [InlineData("POST", "/api/chat", """{"messages":7}""")]
    public async Task Reply_OfAnEndpoint_IsAsTheDocumentSays(string method, string path, string body)
    {
        using HttpResponseMessage reply = await daemon.RespondAsync(method, path, body.Length > 0 ? body : null);
        await DescribedAnswer.AssertAsync(method, path, reply);
    }

    [Fact]
    public async Task Document_OfTheDaemon_IsTheOneOfTheFiles()
    {
        using HttpResponseMessage reply = await daemon.RespondAsync("GET", "/openapi.json");
        Assert.Equal("application/json", reply.Content.Headers.ContentType?.MediaType);
        JsonElement document = JsonSerializer.Deserialize<JsonElement>(await reply.Content.ReadAsStringAsync(Token));
        Assert.StartsWith("3.", document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        Assert.True(document.GetProperty("paths").TryGetProperty("/v1/chat/completions", out _));
    }
}
