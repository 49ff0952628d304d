using System.ClientModel;
using System.ClientModel.Primitives;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Anthropic;
using LayerStream.EndToEnd.Tests;
using Microsoft.Extensions.AI;
using OllamaSharp;
using OpenAI;
using OpenAI.Chat;

namespace LayerStream.Contract.Tests;

/// <summary>Clients that wait longer for an answer than they would wait in silence: other answers come first, and signs of life keep the
/// connections. LAYERSTREAM_SLOW_SECONDS = 400 tries it with the time-outs that the clients have of themselves.</summary>
public sealed class SlowAnswerTests : IAsyncLifetime
{
    private const string Variable = "LAYERSTREAM_SLOW_SECONDS";
    private const int BriefSeconds = 12;
    private const int SecondsOfAnAnswer = 60;
    private readonly double _seconds = double.Parse(
        Environment.GetEnvironmentVariable(Variable) ?? BriefSeconds.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private readonly DaemonProcess _daemon = new() { Budget = "400MiB", More = ["--context", "8192", "--queue-limit", "32"] };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    // Shorter than the wait, longer than the time between two signs.
    private TimeSpan? Patience => _seconds > BriefSeconds ? null : TimeSpan.FromSeconds(BriefSeconds - 3);

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => _daemon.InitializeAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _daemon.DisposeAsync();

    [Fact]
    public async Task Clients_BehindLongAnswers_WaitForTheirs()
    {
        using CancellationTokenSource others = CancellationTokenSource.CreateLinkedTokenSource(Token);
        List<Task> ahead = [];
        for (int i = 0; i < Math.Ceiling(_seconds / SecondsOfAnAnswer); i++)
        {
            ahead.Add(OccupyAsync(others.Token));
            await Task.Delay(200, Token);
        }

        Stopwatch clock = Stopwatch.StartNew();
        (string Name, Task<string> Answer)[] asked =
        [
            ("OpenAI, streamed", OpenAiStreamedAsync()), ("OpenAI, whole, as documented", OpenAiWholeAsync()),
            ("Anthropic, whole", AnthropicAsync()), ("OllamaSharp, streamed", OllamaAsync()),
        ];
        Task all = Task.WhenAll(asked.Select(a => a.Answer));
        await Task.WhenAny(all, Task.Delay(TimeSpan.FromSeconds(_seconds), Token));
        Assert.All(asked, a => Assert.False(a.Answer.IsCompleted, $"{a.Name} ended after {clock.Elapsed}: {a.Answer.Exception?.Message}"));
        await others.CancelAsync();
        await all;
        Assert.All(asked, a => Assert.False(a.Answer.Result.Length == 0, a.Name));
        await Task.WhenAll(ahead);
    }

    private async Task OccupyAsync(CancellationToken ct)
    {
        const string Body = """
            {"messages":[{"role":"user","content":"Tell a story"}],"max_tokens":8000,"ignore_eos":true,"stream":true}
            """;
        using HttpRequestMessage request = new(HttpMethod.Post, "v1/chat/completions")
        {
            Content = new StringContent(Body, Encoding.UTF8, "application/json"),
        };
        try
        {
            using HttpResponseMessage reply = await _daemon.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
            await using Stream stream = await reply.Content.ReadAsStreamAsync(ct);
            await stream.CopyToAsync(Stream.Null, ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // It has held the others up for long enough.
        }
    }

    private async Task<string> OpenAiStreamedAsync()
    {
        StringBuilder text = new();
        await foreach (StreamingChatCompletionUpdate update in Client(Patience).CompleteChatStreamingAsync([new UserChatMessage("Hi")],
            new ChatCompletionOptions { MaxOutputTokenCount = 8 }, Token))
        {
            text.Append(string.Concat(update.ContentUpdate.Select(part => part.Text)));
        }

        return text.ToString();
    }

    // Its time-out of 100 s runs to the end of the body: users of slow models set NetworkTimeout.
    private async Task<string> OpenAiWholeAsync()
    {
        ChatCompletion reply = await Client(TimeSpan.FromHours(1)).CompleteChatAsync([new UserChatMessage("Hi")],
            new ChatCompletionOptions { MaxOutputTokenCount = 8 }, Token);
        return reply.Content[0].Text;
    }

    private async Task<string> AnthropicAsync()
    {
        using AnthropicClient client = new()
        {
            BaseUrl = _daemon.Address.ToString().TrimEnd('/'),
            ApiKey = "none",
            MaxRetries = 0,
            Timeout = Patience,
        };
        ChatResponse reply = await client.AsIChatClient(ContractDaemon.ModelId, defaultMaxOutputTokens: 8).GetResponseAsync("Hi",
            cancellationToken: Token);
        return reply.Text;
    }

    private async Task<string> OllamaAsync()
    {
        using HttpClient http = new() { BaseAddress = _daemon.Address };
        http.Timeout = Patience ?? http.Timeout;
        using OllamaApiClient client = new(http, ContractDaemon.ModelId);
        ChatOptions options = new() { MaxOutputTokens = 8 };
        ChatResponse reply = await ((IChatClient)client).GetStreamingResponseAsync("Hi", options, Token).ToChatResponseAsync(Token);
        return reply.Text;
    }

    private ChatClient Client(TimeSpan? timeout)
    {
        OpenAIClientOptions options = new() { Endpoint = new Uri(_daemon.Address, "v1"), RetryPolicy = new ClientRetryPolicy(0) };
        options.NetworkTimeout = timeout ?? options.NetworkTimeout;
        return new ChatClient(ContractDaemon.ModelId, new ApiKeyCredential("none"), options);
    }
}
