using System.ClientModel;
using System.Net;
using System.Text;
using System.Text.Json;
using OpenAI;
using OpenAI.Chat;

namespace LayerStream.EndToEnd.Tests;

/// <summary>The daemon over HTTP, as a client sees it.</summary>
public sealed class DaemonTests(DaemonProcess daemon) : IClassFixture<DaemonProcess>
{
    private const string ModelId = "SmolLM2-135M-Instruct-Q4_1";
    private const string Hello = """{"messages":[{"role":"user","content":"Say hello"}],"max_tokens":6,"temperature":0}""";

    [Fact]
    public async Task Health_ModelLoaded_IsOk()
    {
        foreach (string path in new[] { "health", "health/live", "health/ready" })
        {
            using HttpResponseMessage reply = await daemon.Client.GetAsync(path, Token);
            Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        }
    }

    [Fact]
    public async Task Models_Listed_NameTheFile()
    {
        using JsonDocument list = JsonDocument.Parse(await daemon.Client.GetStringAsync("v1/models", Token));
        Assert.Equal(ModelId, list.RootElement.GetProperty("data")[0].GetProperty("id").GetString());
        using HttpResponseMessage one = await daemon.Client.GetAsync("v1/models/" + ModelId, Token);
        Assert.Equal(HttpStatusCode.OK, one.StatusCode);
    }

    [Fact]
    public async Task Chat_Greedy_GivesTextUsageAndTimings()
    {
        (HttpStatusCode status, JsonElement body) = await ChatAsync(Hello);
        Assert.Equal(HttpStatusCode.OK, status);
        JsonElement choice = body.GetProperty("choices")[0];
        Assert.NotEmpty(choice.GetProperty("message").GetProperty("content").GetString()!);
        Assert.Contains(choice.GetProperty("finish_reason").GetString(), new[] { "stop", "length" });
        Assert.True(body.GetProperty("usage").GetProperty("completion_tokens").GetInt32() is > 0 and <= 6);
        Assert.True(body.GetProperty("timings").GetProperty("prompt_n").GetInt32() > 0);
    }

    [Fact]
    public async Task Chat_Streamed_SameTextAndDoneAtTheEnd()
    {
        (_, JsonElement whole) = await ChatAsync(Hello);
        string request = Hello.Replace("\"max_tokens\"", "\"stream\":true,\"stream_options\":{\"include_usage\":true},\"max_tokens\"",
            StringComparison.Ordinal);
        using HttpResponseMessage reply = await PostAsync(request, "application/json");
        Assert.Equal("text/event-stream", reply.Content.Headers.ContentType!.MediaType);
        string[] events = [.. (await reply.Content.ReadAsStringAsync(Token)).Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Where(e => e.StartsWith("data: ", StringComparison.Ordinal)).Select(e => e[6..])];
        Assert.Equal("[DONE]", events[^1]);
        StringBuilder text = new();
        foreach (string line in events[..^2])
        {
            using JsonDocument part = JsonDocument.Parse(line);
            if (part.RootElement.GetProperty("choices")[0].GetProperty("delta").TryGetProperty("content", out JsonElement piece))
            {
                text.Append(piece.GetString());
            }
        }

        Assert.Equal(whole.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), text.ToString());
        using JsonDocument usage = JsonDocument.Parse(events[^2]);
        Assert.Equal(whole.GetProperty("usage").GetProperty("total_tokens").GetInt32(),
            usage.RootElement.GetProperty("usage").GetProperty("total_tokens").GetInt32());
    }

    [Fact]
    public async Task OpenAiClient_WholeAndStreamed_Work()
    {
        ChatClient client = new(ModelId, new ApiKeyCredential("none"),
            new OpenAIClientOptions { Endpoint = new Uri(daemon.Address, "v1") });
        ChatMessage[] messages = [new SystemChatMessage("Be brief."), new UserChatMessage("Say hello")];
        ChatCompletionOptions options = new() { MaxOutputTokenCount = 6, Temperature = 0 };
        ChatCompletion whole = await client.CompleteChatAsync(messages, options, Token);
        Assert.NotEmpty(whole.Content[0].Text);
        Assert.True(whole.Usage.OutputTokenCount > 0);
        StringBuilder text = new();
        await foreach (StreamingChatCompletionUpdate update in client.CompleteChatStreamingAsync(messages, options, Token))
        {
            text.Append(string.Concat(update.ContentUpdate.Select(part => part.Text)));
        }

        Assert.Equal(whole.Content[0].Text, text.ToString());
    }

    [Fact]
    public async Task Chat_WithLogProbs_ReportsEveryTokenWholeAndStreamed()
    {
        ChatClient client = new(ModelId, new ApiKeyCredential("none"),
            new OpenAIClientOptions { Endpoint = new Uri(daemon.Address, "v1") });
        ChatMessage[] messages = [new UserChatMessage("Say hello")];
        ChatCompletionOptions options = new()
        {
            MaxOutputTokenCount = 6,
            Temperature = 0,
            IncludeLogProbabilities = true,
            TopLogProbabilityCount = 3
        };
        ChatCompletion whole = await client.CompleteChatAsync(messages, options, Token);
        Assert.NotEmpty(whole.ContentTokenLogProbabilities);
        Assert.Equal(whole.Content[0].Text, string.Concat(whole.ContentTokenLogProbabilities.Select(t => t.Token)));
        Assert.All(whole.ContentTokenLogProbabilities, token =>
        {
            Assert.Equal(3, token.TopLogProbabilities.Count);
            Assert.Equal(token.Token, token.TopLogProbabilities[0].Token); // a greedy choice is the likeliest
            Assert.Equal(token.LogProbability, token.TopLogProbabilities[0].LogProbability);
            Assert.Equal(Encoding.UTF8.GetBytes(token.Token), token.Utf8Bytes!.Value.ToArray());
            Assert.InRange(token.LogProbability, -20, 0);
        });
        List<float> streamed = [];
        await foreach (StreamingChatCompletionUpdate update in client.CompleteChatStreamingAsync(messages, options, Token))
        {
            streamed.AddRange(update.ContentTokenLogProbabilities.Select(t => t.LogProbability));
        }

        Assert.Equal(whole.ContentTokenLogProbabilities.Select(t => t.LogProbability), streamed);
    }

    [Fact]
    public async Task Chat_EverySampler_IsHonouredAndRepeatsWithItsSeed()
    {
        const string Request = """
            {"messages":[{"role":"user","content":"Say hello"}],"max_tokens":8,"seed":5,"temperature":1.2,"top_k":0,"typical_p":0.9,
             "top_n_sigma":2,"xtc_probability":0.5,"xtc_threshold":0.1,"dry_multiplier":0.8,
             "dry_base":1.75,"dry_allowed_length":2,"dry_penalty_last_n":-1,
             "dry_sequence_breakers":["\n"],"frequency_penalty":0.5,
             "presence_penalty":0.5,"chat_template_kwargs":{"enable_thinking":false},"logprobs":false,"top_logprobs":null}
            """;
        string[] texts = [await Content(Request), await Content(Request)];
        Assert.Equal(texts[0], texts[1]);
        (_, JsonElement hello) = await ChatAsync(Hello.Replace("\"temperature\"", "\"logprobs\":true,\"temperature\"",
            StringComparison.Ordinal));
        int first = hello.GetProperty("choices")[0].GetProperty("logprobs").GetProperty("content")[0].GetProperty("id").GetInt32();
        string banned = await Content(Hello.Replace("\"temperature\"", $"\"logit_bias\":{{\"{first}\":-100}},\"temperature\"",
            StringComparison.Ordinal));
        Assert.NotEqual(hello.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), banned);

        async Task<string> Content(string request)
        {
            (HttpStatusCode status, JsonElement body) = await ChatAsync(request);
            Assert.True(status == HttpStatusCode.OK, body.ToString());
            return body.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
        }
    }

    [Theory]
    [InlineData("\"tools\":[{\"type\":\"function\"}]", "tools[0].function")]
    [InlineData("\"tool_choice\":\"required\"", "tool_choice")]
    [InlineData("\"surprise\":1", "surprise")]
    [InlineData("\"temperature\":-1", "temperature")]
    [InlineData("\"temperature\":1e308", "temperature")]
    [InlineData("\"seed\":18446744073709551616", "seed")]
    [InlineData("\"top_k\":\"x\"", "top_k")]
    [InlineData("\"top_p\":\"x\"", "top_p")]
    [InlineData("\"min_p\":[1]", "min_p")]
    [InlineData("\"n\":33", "n")]
    [InlineData("\"top_logprobs\":2", "top_logprobs")]
    [InlineData("\"chat_template_kwargs\":{\"messages\":[]}", "chat_template_kwargs")]
    [InlineData("\"logprobs\":true,\"top_logprobs\":21", "top_logprobs")]
    [InlineData("\"logprobs\":3", "logprobs")]
    [InlineData("\"typical_p\":1.5", "typical_p")]
    [InlineData("\"dry_base\":0", "dry_base")]
    [InlineData("\"dry_sequence_breakers\":[\"\"]", "dry_sequence_breakers")]
    [InlineData("\"xtc_threshold\":-1", "xtc_threshold")]
    [InlineData("\"top_n_sigma\":-2", "top_n_sigma")]
    [InlineData("\"logit_bias\":{\"x\":1}", "logit_bias")]
    [InlineData("\"response_format\":{\"type\":\"xml\"}", "response_format")]
    [InlineData("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"schema\":{\"format\":\"regex\"}}}", "response_format")]
    [InlineData("\"guided_regex\":\"(?=a)\"", "guided_regex")]
    [InlineData("\"temperature\":NaN", null)]
    public async Task Chat_BadParameter_Is400ThatNamesIt(string member, string? name)
    {
        (HttpStatusCode status,
            JsonElement body) = await ChatAsync($$"""{"messages":[{"role":"user","content":"a"}],"max_tokens":1,{{member}}}""");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        JsonElement error = body.GetProperty("error");
        Assert.Equal(name, error.GetProperty("param").GetString());
        Assert.NotEmpty(error.GetProperty("message").GetString()!);
        Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
        Assert.NotEmpty(error.GetProperty("code").GetString()!);
    }

    [Fact]
    public async Task Chat_PromptBeyondContext_Is400WithCode()
    {
        string words = string.Concat(Enumerable.Repeat("word ", 20_000));
        (HttpStatusCode status, JsonElement body) = await ChatAsync($$"""{"messages":[{"role":"user","content":"{{words}}"}]}""");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("context_length_exceeded", body.GetProperty("error").GetProperty("code").GetString());
    }

    [Fact]
    public async Task Chat_WrongContentType_Is415()
    {
        using HttpResponseMessage reply = await PostAsync(Hello, "text/plain");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, reply.StatusCode);
    }

    [Theory]
    [InlineData("Host", "example.com")]
    [InlineData("Origin", "http://example.com")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    public async Task Request_FromElsewhere_Is403(string header, string value)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, "health");
        request.Headers.TryAddWithoutValidation(header, value);
        using HttpResponseMessage reply = await daemon.Client.SendAsync(request, Token);
        Assert.Equal(HttpStatusCode.Forbidden, reply.StatusCode);
    }

    [Theory]
    [InlineData("GET", "nothing", HttpStatusCode.NotFound)]
    [InlineData("GET", "v1/chat/completions", HttpStatusCode.MethodNotAllowed)]
    [InlineData("GET", "v1/layerstream/status", HttpStatusCode.OK)]
    [InlineData("GET", "v1/layerstream/trace?format=json", HttpStatusCode.OK)]
    [InlineData("GET", "metrics", HttpStatusCode.OK)]
    public async Task Request_Routed_HasItsStatus(string method, string path, HttpStatusCode expected)
    {
        using HttpRequestMessage request = new(new HttpMethod(method), path);
        using HttpResponseMessage reply = await daemon.Client.SendAsync(request, Token);
        Assert.Equal(expected, reply.StatusCode);
    }

    [Fact]
    public async Task Sigterm_WhileStreaming_FinishesTheStreamAndExitsWithZero()
    {
        await using DaemonProcess own = new();
        await own.InitializeAsync();
        string request = """{"messages":[{"role":"user","content":"Tell a story"}],"max_tokens":40,"ignore_eos":true,"stream":true}""";
        using HttpRequestMessage message = new(HttpMethod.Post,
            "v1/chat/completions")
        { Content = new StringContent(request, Encoding.UTF8, "application/json") };
        using HttpResponseMessage reply = await own.Client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, Token);
        Task<string> rest = reply.Content.ReadAsStringAsync(Token);
        Assert.Equal(0, await own.TerminateAsync());
        Assert.EndsWith("data: [DONE]\n\n", await rest, StringComparison.Ordinal);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Task<HttpResponseMessage> PostAsync(string body, string type) =>
        daemon.Client.PostAsync("v1/chat/completions", new StringContent(body, Encoding.UTF8, type), Token);

    private async Task<(HttpStatusCode Status, JsonElement Body)> ChatAsync(string body)
    {
        using HttpResponseMessage reply = await PostAsync(body, "application/json");
        using JsonDocument document = JsonDocument.Parse(await reply.Content.ReadAsStringAsync(Token));
        return (reply.StatusCode, document.RootElement.Clone());
    }
}
