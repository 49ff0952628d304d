using System.Net;
using System.Text.Json;

namespace LayerStream.Host.Tests.Server;

/// <summary>What clients send that is not in the examples of an API: every variant is answered as its API has it, or refused by
/// name.</summary>
[Collection(ShippedDaemon.Collection)]
public sealed class ClientVariantsTests(ShippedDaemon daemon)
{
    private const string Hi = """[{"role":"user","content":"Say hi."}]""";

    [Fact]
    public async Task Raw_PromptOfTheOllamaApi_IsACompletion()
    {
        JsonElement whole = await daemon.PostAsync("/v1/completions", """{"prompt":"The sea is","max_tokens":6,"temperature":0}""");
        JsonElement raw = await daemon.PostAsync("/api/generate", """
            {"model":"default","prompt":"The sea is","raw":true,"stream":false,"think":false,"logprobs":true,"top_logprobs":2,
            "options":{"num_predict":6,"temperature":0,"mirostat":0,"tfs_z":1,"f16_kv":true}}
            """);
        Assert.Equal(whole.GetProperty("choices")[0].GetProperty("text").GetString(), raw.GetProperty("response").GetString());
        Assert.Equal(6, raw.GetProperty("eval_count").GetInt32());
        Assert.Equal((6, 2), (raw.GetProperty("logprobs").GetArrayLength(), raw.GetProperty("logprobs")[0].GetProperty("top_logprobs")
            .GetArrayLength()));
        Assert.True(raw.GetProperty("total_duration").GetInt64() >= raw.GetProperty("eval_duration").GetInt64());
    }

    [Theory]
    [InlineData("\"raw\":true,\"system\":\"Be kind.\"", "system")]
    [InlineData("\"suffix\":\"end\"", "suffix")]
    [InlineData("\"context\":[1,2]", "context")]
    [InlineData("\"template\":\"{{ .Prompt }}\"", "template")]
    [InlineData("\"options\":{\"mirostat\":1}", "mirostat")]
    [InlineData("\"options\":{\"num_predict\":\"5\"},\"raw\":true", "'max_tokens' must be")]
    public async Task Generate_WithWhatCannotBeHonoured_IsRefusedByName(string member, string named)
    {
        using HttpResponseMessage reply = await daemon.RespondAsync("POST", "/api/generate",
            $$"""{"model":"default","prompt":"a","options":{"num_predict":1},{{member}}}""".Replace(
                "\"options\":{\"num_predict\":1},\"options\"", "\"options\"", StringComparison.Ordinal));
        string error = await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, reply.StatusCode);
        Assert.Contains(named, JsonSerializer.Deserialize<JsonElement>(error).GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generate_WithMembersThatAskForNothing_IsAnswered()
    {
        JsonElement reply = await daemon.PostAsync("/api/generate", """
            {"model":"default","prompt":"Say hi.","suffix":"","system":"","template":"","context":[],"images":[],"raw":false,"format":"",
            "stream":false,"keep_alive":null,"options":{"num_predict":2,"stop":[""]}}
            """);
        Assert.True(reply.GetProperty("done").GetBoolean(), reply.GetRawText());
    }

    [Fact]
    public async Task Show_OfTheLoadedModel_HasItsFigures()
    {
        JsonElement show = await daemon.PostAsync("/api/show", """{"name":"SmolLM2","verbose":true}""");
        JsonElement info = show.GetProperty("model_info");
        Assert.Equal("llama", info.GetProperty("general.architecture").GetString());
        Assert.InRange(info.GetProperty("general.parameter_count").GetInt64(), 130_000_000, 170_000_000);
        Assert.Equal(576, info.GetProperty("llama.embedding_length").GetInt32());
        Assert.Equal("Q4_1", show.GetProperty("details").GetProperty("quantization_level").GetString());
        Assert.Contains("completion", show.GetProperty("capabilities").EnumerateArray().Select(c => c.GetString()));
    }

    [Fact]
    public async Task ToolHistory_WithArgumentsAsTextOrObject_IsTheSamePrompt()
    {
        string[] forms = ["{\"city\":\"Bonn\"}", "\"{\\\"city\\\":\\\"Bonn\\\"}\""];
        int[] counts = [.. await Task.WhenAll(forms.Select(async arguments =>
            (await daemon.PostAsync("/api/chat", $$$"""
                {"model":"default","stream":false,"options":{"num_predict":1},"messages":[{"role":"user","content":"Weather?"},
                {"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":{{{arguments}}}}}]},
                {"role":"tool","tool_name":"f","tool_call_id":"c","content":"22"}]}
                """)).GetProperty("prompt_eval_count").GetInt32()))];
        Assert.Equal(counts[0], counts[1]);
    }

    [Fact]
    public async Task StopSequence_OfTheMessagesApi_IsNamed()
    {
        JsonElement whole = await daemon.PostAsync("/v1/messages", $$$"""{"messages":{{{Hi}}},"max_tokens":20,"temperature":0}""");
        string said = whole.GetProperty("content")[0].GetProperty("text").GetString()!;
        string stop = JsonSerializer.Serialize(said[2..6]);
        JsonElement cut = await daemon.PostAsync("/v1/messages",
            $$"""{"messages":{{Hi}},"max_tokens":20,"temperature":0,"stop_sequences":["",{{stop}}]}""");
        Assert.Equal("stop_sequence", cut.GetProperty("stop_reason").GetString());
        Assert.Equal(said[2..6], cut.GetProperty("stop_sequence").GetString());
        Assert.Equal(said[..2], cut.GetProperty("content")[0].GetProperty("text").GetString());
    }

    [Fact]
    public async Task Documents_OfText_AreReadAndOthersRefused()
    {
        string asked = """
            {"max_tokens":1,"messages":[{"role":"user","content":[{"type":"document","title":"Log","source":{"type":"SOURCE",
            "media_type":"text/plain","data":"It rained."},"citations":{"enabled":true}},{"type":"text","text":"Weather?"}]}],
            "output_format":{"type":"json_schema","schema":{"type":"object"}},"mcp_servers":[]}
            """;
        JsonElement count = await daemon.PostAsync("/v1/messages/count_tokens", asked.Replace("SOURCE", "text", StringComparison.Ordinal));
        JsonElement same = await daemon.PostAsync("/v1/messages/count_tokens",
            """{"messages":[{"role":"user","content":"Log\nIt rained.\nWeather?"}]}""");
        Assert.Equal(same.GetProperty("input_tokens").GetInt32(), count.GetProperty("input_tokens").GetInt32());
        string refusal = await daemon.SendAsync("/v1/messages", asked.Replace("SOURCE", "base64", StringComparison.Ordinal));
        Assert.Contains("messages[0].content[0].source", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ItemReference_ToAStoredResponse_IsTheItemItself()
    {
        JsonElement first = await daemon.PostAsync("/v1/responses", """{"input":"Say hi.","max_output_tokens":4,"temperature":0}""");
        JsonElement item = first.GetProperty("output")[0];
        int byReference = await TokensAsync($$"""{"type":"item_reference","id":"{{item.GetProperty("id").GetString()}}"}""");
        Assert.Equal(await TokensAsync(item.GetRawText()), byReference);
        string refusal = await daemon.SendAsync("/v1/responses", """{"input":[{"type":"item_reference","id":"msg_1"}]}""");
        Assert.Contains("input[0]", JsonSerializer.Deserialize<JsonElement>(refusal).GetProperty("error").GetProperty("param").GetString());
    }

    [Fact]
    public async Task Response_WithAllowedToolsAndLogProbabilities_IsHeldToThem()
    {
        JsonElement reply = await daemon.PostAsync("/v1/responses", """
            {"input":"Say hi.","max_output_tokens":4,"temperature":0,"background":false,"include":["message.output_text.logprobs"],
            "top_logprobs":2,"truncation":"auto","tools":[{"type":"function","name":"a","parameters":{"type":"object"}}],
            "tool_choice":{"type":"allowed_tools","mode":"none","tools":[{"type":"function","name":"a"}]}}
            """);
        JsonElement part = reply.GetProperty("output")[0].GetProperty("content")[0];
        Assert.Equal(4, part.GetProperty("logprobs").GetArrayLength());
        Assert.Equal(2, part.GetProperty("logprobs")[0].GetProperty("top_logprobs").GetArrayLength());
        Assert.Equal(("none", 4), (reply.GetProperty("tool_choice").GetString(), reply.GetProperty("max_output_tokens").GetInt32()));
        Assert.Equal("incomplete", reply.GetProperty("output")[0].GetProperty("status").GetString());
        Assert.Equal("""[{"type":"function","name":"a","parameters":{"type":"object"}}]""", reply.GetProperty("tools").GetRawText());
    }

    [Fact]
    public async Task Response_StreamedToARequestOfSeveralLines_HasItsEventsInALineEach()
    {
        string events = await daemon.SendAsync("/v1/responses",
            "{\"input\":\"Say hi.\",\"max_output_tokens\":2,\"stream\":true,\"metadata\":{\r\n  \"a\": \"b\"\n},"
            + "\"tools\":[\n{\"type\":\"function\",\"name\":\"f\"}\n]}");
        JsonElement last = StreamedBody.Events(events)[^1].GetProperty("response");
        Assert.Equal("b", last.GetProperty("metadata").GetProperty("a").GetString());
    }

    private async Task<int> TokensAsync(string item)
    {
        JsonElement reply = await daemon.PostAsync("/v1/responses", $$"""
            {"input":[{"role":"user","content":"Say hi."},{{item}},{"role":"user","content":"Again."}],"max_output_tokens":1}
            """);
        return reply.GetProperty("usage").GetProperty("input_tokens").GetInt32();
    }
}
