using System.Text.Json;

namespace LayerStream.Host.Tests.Server;

/// <summary>The protocols in process, with the model that comes with the program.</summary>
[Collection(ShippedDaemon.Collection)]
public sealed class ShippedModelAnswersTests(ShippedDaemon daemon)
{
    private const string Tool = """
        {"type":"function","function":{"name":"get_weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}}
        """;

    [Fact]
    public async Task Answer_OfEveryProtocol_IsTheSameText()
    {
        JsonElement chat = await PostAsync("/v1/chat/completions",
            """{"messages":[{"role":"user","content":"Say hi."}],"max_tokens":8,"temperature":0}""");
        string text = chat.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
        Assert.NotEmpty(text);
        JsonElement message = await PostAsync("/v1/messages",
            """{"messages":[{"role":"user","content":[{"type":"text","text":"Say hi."}]}],"max_tokens":8,"temperature":0}""");
        Assert.Equal(text, message.GetProperty("content")[0].GetProperty("text").GetString());
        JsonElement ollama = await PostAsync("/api/chat",
            """{"stream":false,"messages":[{"role":"user","content":"Say hi."}],"options":{"num_predict":8,"temperature":0}}""");
        Assert.Equal(text, ollama.GetProperty("message").GetProperty("content").GetString());
        JsonElement generated = await PostAsync("/api/generate",
            """{"model":"default","stream":false,"prompt":"Say hi.","options":{"num_predict":8,"temperature":0}}""");
        Assert.Equal(text, generated.GetProperty("response").GetString());
        JsonElement response = await PostAsync("/v1/responses", """{"input":"Say hi.","max_output_tokens":8,"temperature":0}""");
        Assert.Equal(text, response.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString());
        JsonElement count = await PostAsync("/v1/messages/count_tokens", """{"messages":[{"role":"user","content":"Say hi."}]}""");
        Assert.Equal(chat.GetProperty("usage").GetProperty("prompt_tokens").GetInt32(), count.GetProperty("input_tokens").GetInt32());
    }

    [Fact]
    public async Task Tools_OfAModelWithoutAFormOfItsOwn_AreCalledInTheGenericOne()
    {
        string turns = $$$"""{"tools":[{{{Tool}}}],"temperature":0,"max_tokens":40,""" + """
            "tool_choice":{"type":"function","function":{"name":"get_weather"}},"messages":[{"role":"user","content":"Weather in Paris?"},
            {"role":"assistant","tool_calls":[{"id":"c1","function":{"name":"get_weather","arguments":"{\"city\":\"Bonn\"}"}}]},
            {"role":"tool","tool_call_id":"c1","content":"rain"},{"role":"user","content":"And in Paris?"}]}
            """;
        JsonElement choice = (await PostAsync("/v1/chat/completions", turns)).GetProperty("choices")[0];
        JsonElement message = choice.GetProperty("message");
        if (message.TryGetProperty("tool_calls", out JsonElement calls))
        {
            Assert.Equal("get_weather", calls[0].GetProperty("function").GetProperty("name").GetString());
            using JsonDocument arguments = JsonDocument.Parse(calls[0].GetProperty("function").GetProperty("arguments").GetString()!);
        }
        else
        {
            string content = message.GetProperty("content").GetString()!;
            Assert.StartsWith("<tool_call>\n{\"name\": \"get_weather\"", content, StringComparison.Ordinal);
        }
    }

    private const string StrictTool = """
        {"name":"book","strict":true,"%":{"type":"object","properties":{"day":{"enum":["mon","tue"]},"seats":{"type":"integer","minimum":1,
        "maximum":9}},"required":["day","seats"],"additionalProperties":false}}
        """;

    [Theory]
    [InlineData("required", 1)]
    [InlineData("required", 2)]
    [InlineData("named", 3)]
    public async Task Tools_Demanded_AreCalledWithValidArgumentsInEveryProtocol(string demand, int seed)
    {
        string sampling = "\"temperature\":1.5,\"top_p\":1", chatTool = StrictTool.Replace("%", "parameters", StringComparison.Ordinal);
        string named = demand == "named" ? """{"type":"function","function":{"name":"book"}}""" : "\"required\"";
        JsonElement chat = await PostAsync("/v1/chat/completions", $$"""
            {{{sampling}},"seed":{{seed}},"max_tokens":120,"tools":[{"type":"function","function":{{chatTool}}}],"tool_choice":{{named}},
            "parallel_tool_calls":false,"messages":[{"role":"user","content":"Book a table."}]}
            """);
        JsonElement choice = chat.GetProperty("choices")[0];
        Assert.Equal("tool_calls", choice.GetProperty("finish_reason").GetString());
        JsonElement call = choice.GetProperty("message").GetProperty("tool_calls")[0].GetProperty("function");
        Assert.Equal("book", call.GetProperty("name").GetString());
        AssertBooking(call.GetProperty("arguments").GetString()!);
        string namedMessage = demand == "named" ? """{"type":"tool","name":"book","disable_parallel_tool_use":true}"""
            : """{"type":"any","disable_parallel_tool_use":true}""";
        JsonElement message = await PostAsync("/v1/messages", $$"""
            {{{sampling}},"max_tokens":120,"tools":[{{StrictTool.Replace("%", "input_schema", StringComparison.Ordinal)}}],
            "tool_choice":{{namedMessage}},"messages":[{"role":"user","content":"Book a table."}]}
            """);
        Assert.Equal("tool_use", message.GetProperty("stop_reason").GetString());
        AssertBooking(message.GetProperty("content").EnumerateArray().Last().GetProperty("input").GetRawText());
        string namedResponse = demand == "named" ? """{"type":"function","name":"book"}""" : "\"required\"";
        JsonElement response = await PostAsync("/v1/responses", $$"""
            {{{sampling}},"seed":{{seed}},"max_output_tokens":120,"tools":[{"type":"function",{{chatTool.Trim()[1..]}}],
            "tool_choice":{{namedResponse}},"parallel_tool_calls":false,"input":"Book a table."}
            """);
        JsonElement item = response.GetProperty("output").EnumerateArray().Last();
        Assert.Equal("function_call", item.GetProperty("type").GetString());
        AssertBooking(item.GetProperty("arguments").GetString()!);
    }

    [Fact]
    public async Task Tools_StrictAndAuto_LeaveTextFree()
    {
        JsonElement chat = await PostAsync("/v1/chat/completions", $$"""
            {"temperature":0,"max_tokens":8,"tools":[{"type":"function","function":{{StrictTool.Replace("%", "parameters",
                StringComparison.Ordinal)}}}],"messages":[{"role":"user","content":"Say hi."}]}
            """);
        Assert.NotEmpty(chat.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!);
    }

    private static void AssertBooking(string arguments)
    {
        using JsonDocument document = JsonDocument.Parse(arguments);
        Assert.Equal(["day", "seats"], document.RootElement.EnumerateObject().Select(m => m.Name).Order());
        Assert.Contains(document.RootElement.GetProperty("day").GetString(), (string[])["mon", "tue"]);
        Assert.InRange(document.RootElement.GetProperty("seats").GetInt32(), 1, 9);
    }

    [Fact]
    public async Task Stream_OfOllama_IsLinesAndTheLastIsDone()
    {
        string sent = await SendAsync("/api/chat", """{"messages":[{"role":"user","content":"Say hi."}],"options":{"num_predict":4}}""");
        List<JsonElement> lines = StreamedBody.Lines(sent);
        Assert.True(lines[^1].GetProperty("done").GetBoolean());
        Assert.InRange(lines.Count, 2, 6);
    }

    [Theory]
    [InlineData("/v1/messages", "{\"messages\":[],\"thread\":{}}", "\"type\":\"error\"")]
    [InlineData("/api/chat", "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"nothing\":1}", "{\"error\":\"")]
    [InlineData("/v1/responses", "{\"input\":\"a\",\"previous_response_id\":\"x\"}", "previous_response_not_found")]
    [InlineData("/v1/embeddings", "{\"input\":\"a\"}", "embeddings_not_supported")]
    [InlineData("/api/embed", "{\"input\":\"a\"}", "{\"error\":\"")]
    [InlineData("/detokenize", "{\"tokens\":[49152]}", "tokens")]
    [InlineData("/detokenize", "{\"tokens\":[-1]}", "tokens")]
    public async Task Refusal_OfEveryProtocol_HasItsForm(string path, string body, string part) =>
        Assert.Contains(part, await SendAsync(path, body), StringComparison.Ordinal);

    [Fact]
    public async Task Tokenize_AndBack_GivesTheText()
    {
        JsonElement reply = await PostAsync("/tokenize", """{"content":"Hello <|im_end|> world","parse_special":true}""");
        JsonElement tokens = reply.GetProperty("tokens");
        JsonElement text = await PostAsync("/detokenize", $$"""{"tokens":{{tokens.GetRawText()}}}""");
        Assert.Equal("Hello <|im_end|> world", text.GetProperty("content").GetString());
    }

    [Fact]
    public async Task Template_OfARequest_IsThePromptThatItHas()
    {
        JsonElement reply = await PostAsync("/apply-template", """{"messages":[{"role":"user","content":"Say hi."}]}""");
        string prompt = reply.GetProperty("prompt").GetString()!;
        Assert.EndsWith("<|im_start|>user\nSay hi.<|im_end|>\n<|im_start|>assistant\n", prompt, StringComparison.Ordinal);
        JsonElement completed = await PostAsync("/v1/completions",
            $$"""{"prompt":{{JsonSerializer.Serialize(prompt)}},"max_tokens":6,"temperature":0}""");
        JsonElement answered = await PostAsync("/v1/chat/completions",
            """{"messages":[{"role":"user","content":"Say hi."}],"max_tokens":6,"temperature":0}""");
        Assert.Equal(answered.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(),
            completed.GetProperty("choices")[0].GetProperty("text").GetString());
    }

    [Fact]
    public async Task Props_AndSlots_SayWhatIsServedWithoutAPath()
    {
        JsonElement props = JsonSerializer.Deserialize<JsonElement>(await GetAsync("/props"));
        Assert.Equal(1024, props.GetProperty("default_generation_settings").GetProperty("n_ctx").GetInt32());
        Assert.Contains("im_start", props.GetProperty("chat_template").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("/", props.GetProperty("model_path").GetString(), StringComparison.Ordinal);
        JsonElement slots = JsonSerializer.Deserialize<JsonElement>(await GetAsync("/slots"));
        Assert.Equal(props.GetProperty("total_slots").GetInt32(), slots.GetArrayLength());
        Assert.False(slots[0].GetProperty("is_processing").GetBoolean());
        Task<string> running = SendAsync("/v1/completions", """{"prompt":"Once","max_tokens":200,"ignore_eos":true}""");
        while (!slots[0].GetProperty("is_processing").GetBoolean() && !running.IsCompleted)
        {
            slots = JsonSerializer.Deserialize<JsonElement>(await GetAsync("/slots"));
        }

        Assert.True(slots[0].GetProperty("is_processing").GetBoolean());
        await running;
    }

    [Fact]
    public async Task Ollama_AskedForNothing_SaysThatTheModelIsLoaded() =>
        Assert.Equal("load", (await PostAsync("/api/generate", """{"model":"smollm2:latest"}""")).GetProperty("done_reason").GetString());

    private async Task<string> GetAsync(string path)
    {
        using HttpResponseMessage reply = await daemon.RespondAsync("GET", path);
        return await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private Task<JsonElement> PostAsync(string path, string body) => daemon.PostAsync(path, body);

    private Task<string> SendAsync(string path, string body) => daemon.SendAsync(path, body);
}
