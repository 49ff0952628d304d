using System.Net;
using System.Text;
using System.Text.Json;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Responses;
using LayerStream.Host.Server.Service;
using LayerStream.Host.Server.Translation;

namespace LayerStream.Host.Tests.Server;

/// <summary>Responses that are gone back to.</summary>
[Collection(ShippedDaemon.Collection)]
public sealed class StoredResponsesTests(ShippedDaemon daemon)
{
    private const string Path = "/v1/responses";

    [Fact]
    public async Task Response_WithThePreviousOne_GoesOnWithTheWholeConversation()
    {
        JsonElement first = await daemon.PostAsync(Path,
            """{"input":"Say hi.","max_output_tokens":6,"temperature":0,"metadata":{"a":"b"}}""");
        Assert.True(first.GetProperty("store").GetBoolean());
        Assert.Equal("b", first.GetProperty("metadata").GetProperty("a").GetString());
        string id = first.GetProperty("id").GetString()!;
        JsonElement second = await daemon.PostAsync(Path, $$"""
            {"previous_response_id":"{{id}}","input":"And bye.","max_output_tokens":6,"temperature":0}
            """);
        string said = Text(first);
        JsonElement whole = await daemon.PostAsync(Path, $$"""
            {"store":false,"max_output_tokens":6,"temperature":0,"input":[{"role":"user","content":"Say hi."},{"type":"message",
            "role":"assistant","content":[{"type":"output_text","text":{{JsonSerializer.Serialize(said)}}}]},
            {"role":"user","content":"And bye."}]}
            """);
        Assert.Equal(Text(whole), Text(second));
        Assert.Equal(Usage(whole), Usage(second));
        Assert.False(whole.GetProperty("store").GetBoolean());
        Assert.Equal(id, second.GetProperty("previous_response_id").GetString());
        JsonElement found = await GetAsync($"{Path}/{second.GetProperty("id").GetString()}");
        Assert.Equal(second.GetRawText(), found.GetRawText());
        JsonElement items = await GetAsync($"{Path}/{second.GetProperty("id").GetString()}/input_items?order=asc");
        Assert.Equal(["user", "assistant", "user"], items.GetProperty("data").EnumerateArray()
            .Select(i => i.GetProperty("role").GetString()));
        JsonElement page = await GetAsync($"{Path}/{second.GetProperty("id").GetString()}/input_items?limit=1");
        Assert.True(page.GetProperty("has_more").GetBoolean());
        Assert.Equal("And bye.", page.GetProperty("data")[0].GetProperty("content")[0].GetProperty("text").GetString());
    }

    [Fact]
    public async Task Stored_OfAnotherKeyOrDeletedOrNotKept_IsNotThere()
    {
        string sent = await daemon.SendAsync(Path, """{"input":"Say hi.","max_output_tokens":2,"stream":true}""");
        JsonElement last = StreamedBody.Events(sent)[^1];
        Assert.Equal("response.incomplete", last.GetProperty("type").GetString());
        string id = last.GetProperty("response").GetProperty("id").GetString()!;
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("GET", id));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("HEAD", id));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync("GET", id, "another"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync("DELETE", id, "another"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("DELETE", id));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync("GET", id));
        JsonElement unkept = await daemon.PostAsync(Path, """{"input":"Say hi.","max_output_tokens":2,"store":false}""");
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync("GET", unkept.GetProperty("id").GetString()!));
    }

    [Fact]
    public void Stored_MoreThanThereIsRoomFor_ForgetsTheLeastUsedAndTheExpired()
    {
        HandClock time = new();
        RequestMemory memory = RequestBodyTests.Memory(4_000);
        StoredResponses stored = new(memory, time);
        Assert.Equal(1_000, stored.LimitBytes);
        Assert.True(stored.Keep("k", new StoredResponses.Stored("a", new byte[300], new byte[100])));
        Assert.True(stored.Keep("k", new StoredResponses.Stored("b", new byte[300], new byte[100])));
        Assert.True(stored.TryFind("k", "a", out _));
        Assert.True(stored.Keep("k", new StoredResponses.Stored("c", new byte[300], new byte[100])));
        Assert.False(stored.TryFind("k", "b", out _));
        Assert.Equal(800, memory.UsedBytes);
        Assert.False(stored.Keep("k", new StoredResponses.Stored("d", new byte[1_001], [])));
        time.Now += StoredResponses.Life;
        Assert.Equal(0, stored.Count);
        Assert.Equal(0, memory.UsedBytes);
    }

    private static string Text(JsonElement response) =>
        response.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString()!;

    private static int Usage(JsonElement response) => response.GetProperty("usage").GetProperty("input_tokens").GetInt32();

    private async Task<JsonElement> GetAsync(string path)
    {
        using HttpResponseMessage reply = await daemon.RespondAsync("GET", path);
        return JsonSerializer.Deserialize<JsonElement>(await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private async Task<HttpStatusCode> StatusAsync(string method, string id, string? key = null)
    {
        using HttpResponseMessage reply = await daemon.RespondAsync(method, $"{Path}/{id}", key: key);
        return reply.StatusCode;
    }

    [Fact]
    public void References_ToAnItem_TakeTheMemoryOfTheItem()
    {
        RequestMemory memory = RequestBodyTests.Memory(4 << 20);
        StoredResponses stored = new(memory);
        string id = new('a', 32), text = new('x', 20_000);
        Assert.True(stored.Keep("", new StoredResponses.Stored("resp_" + id, Encoding.UTF8.GetBytes($$"""
            {"output":[{"id":"msg_{{id}}0","type":"message","role":"assistant","content":[{"type":"output_text","text":"{{text}}"}]},
            {"id":"msg_{{id}}1","type":"message","role":"assistant","content":[{"type":"output_text","text":"b"}]}]}
            """), "[]"u8.ToArray())));
        string[] references = [.. Enumerable.Repeat($$"""{"type":"item_reference","id":"msg_{{id}}1"}""", 20)];
        byte[] body = Encoding.UTF8.GetBytes($$"""{"input":[{{string.Join(',', references)}}]}""");
        using RequestMemory.Holding holding = memory.Open();
        string translated = Encoding.UTF8.GetString(ResponsesMembers.Translate(body, new ResponsesContext(stored, ""), holding).Span);
        Assert.Equal(20, translated.Split("\"content\":\"b\"").Length - 1);
        Assert.InRange(holding.Bytes, 1, 20 * 200 * RequestTranslation.WorkBytesPerByte);
    }
}
