using System.Text.Json;

namespace LayerStream.Host.Tests.Server;

[Collection(ShippedDaemon.Collection)]
public sealed class RequestsEndpointTests(ShippedDaemon daemon)
{
    private const string Path = "/v1/layerstream/requests";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_OneThatRuns_ShowsItsProgressAndEndsWhenCancelled()
    {
        Task<HttpResponseMessage> answer = daemon.RespondAsync("POST", "/v1/chat/completions",
            """{"messages":[{"role":"user","content":"Count."}],"max_tokens":900,"ignore_eos":true,"stream":true}""");
        JsonElement seen;
        do
        {
            await Task.Delay(20, Token);
            seen = (await ListAsync()).EnumerateArray().FirstOrDefault(r => r.GetProperty("state").GetString() == "writing");
        }
        while (seen.ValueKind == JsonValueKind.Undefined && !answer.IsFaulted);
        Assert.Equal("/v1/chat/completions", seen.GetProperty("path").GetString());
        Assert.Equal(seen.GetProperty("prompt_tokens").GetInt32(), seen.GetProperty("prompt_tokens_read").GetInt32());
        Assert.InRange(seen.GetProperty("generated_tokens").GetInt32(), 1, 900);
        Assert.Equal(900, seen.GetProperty("most_tokens").GetInt32());
        using HttpResponseMessage cancelled = await daemon.RespondAsync("DELETE", $"{Path}/chatcmpl-{seen.GetProperty("id").GetString()}");
        Assert.Equal(204, (int)cancelled.StatusCode);
        await Record.ExceptionAsync(() => answer); // cut off: that it ends is what counts
        DateTime until = DateTime.UtcNow.AddSeconds(30);
        while ((await ListAsync()).GetArrayLength() > 0) // its client may hear of the end before the list does
        {
            Assert.True(DateTime.UtcNow < until, "a request that was cancelled stays in the list");
            await Task.Delay(5, Token);
        }
    }

    [Fact]
    public async Task Cancel_IdOfNobody_Is404()
    {
        using HttpResponseMessage reply = await daemon.RespondAsync("DELETE", Path + "/none");
        Assert.Equal(404, (int)reply.StatusCode);
    }

    private async Task<JsonElement> ListAsync()
    {
        using HttpResponseMessage reply = await daemon.RespondAsync("GET", Path);
        return JsonSerializer.Deserialize<JsonElement>(await reply.Content.ReadAsStringAsync(Token)).GetProperty("data");
    }
}
