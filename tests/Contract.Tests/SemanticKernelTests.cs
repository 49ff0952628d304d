using System.ComponentModel;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;
using Microsoft.SemanticKernel.Connectors.OpenAI;

namespace LayerStream.Contract.Tests;

/// <summary>Semantic Kernel with its OpenAI connector.</summary>
public sealed class SemanticKernelTests(ContractDaemon daemon)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Chat_WholeAndStreamed_SameText()
    {
        OpenAIPromptExecutionSettings settings = new() { MaxTokens = 8, Temperature = 0 };
        IChatCompletionService chat = Build().GetRequiredService<IChatCompletionService>();
        ChatMessageContent whole = await chat.GetChatMessageContentAsync("Say hello", settings, cancellationToken: Token);
        Assert.NotEmpty(whole.Content!);
        StringBuilder text = new();
        await foreach (StreamingChatMessageContent piece in chat.GetStreamingChatMessageContentsAsync("Say hello", settings,
            cancellationToken: Token))
        {
            text.Append(piece.Content);
        }

        Assert.Equal(whole.Content, text.ToString());
    }

    [Fact]
    public async Task Functions_OverTwoTurns_AreCalled()
    {
        WeatherPlugin plugin = new();
        Kernel kernel = Build();
        kernel.Plugins.Add(KernelPluginFactory.CreateFromFunctions("home",
            [KernelFunctionFactory.CreateFromMethod(plugin.Weather, "get_weather", "Weather of a city")]));
        OpenAIPromptExecutionSettings settings = new()
        {
            MaxTokens = 60,
            Temperature = 0,
            FunctionChoiceBehavior = FunctionChoiceBehavior.Auto(),
        };
        FunctionResult reply =
            await kernel.InvokePromptAsync(ContractDaemon.Question, new KernelArguments(settings), cancellationToken: Token);
        Assert.Equal(["Paris"], plugin.Cities);
        Assert.Contains(ContractDaemon.Weather, reply.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Structured_RecordAsFormat_IsFilled()
    {
        OpenAIPromptExecutionSettings settings =
            new() { MaxTokens = 100, Temperature = 0, ResponseFormat = typeof(ChatClientContract.Person) };
        FunctionResult reply =
            await Build().InvokePromptAsync("Describe a person.", new KernelArguments(settings), cancellationToken: Token);
        Assert.NotNull(JsonSerializer.Deserialize<ChatClientContract.Person>(reply.ToString())!.Name);
    }

    [Fact]
    public async Task Error_UnknownModel_IsTheExceptionOfTheClient()
    {
        IChatCompletionService chat = Build("missing").GetRequiredService<IChatCompletionService>();
        HttpOperationException unknown = await Assert.ThrowsAsync<HttpOperationException>(
            () => chat.GetChatMessageContentAsync("Hi", cancellationToken: Token));
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task Stream_ClientLeaves_RequestEnds()
    {
        int cancelled = await daemon.CancelledAsync(Token);
        using CancellationTokenSource leaving = CancellationTokenSource.CreateLinkedTokenSource(Token);
        IChatCompletionService chat = Build().GetRequiredService<IChatCompletionService>();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (StreamingChatMessageContent _ in chat.GetStreamingChatMessageContentsAsync(ContractDaemon.LongQuestion,
                new OpenAIPromptExecutionSettings { MaxTokens = 4000 }, cancellationToken: leaving.Token))
            {
                await leaving.CancelAsync();
            }
        });
        Assert.Equal(cancelled + 1, await daemon.CancelledWhenIdleAsync(cancelled, Token));
    }

    private Kernel Build(string model = ContractDaemon.ModelId) =>
        Kernel.CreateBuilder().AddOpenAIChatCompletion(model, daemon.OpenAiAddress, "none").Build();

    private sealed class WeatherPlugin
    {
        public List<string> Cities { get; } = [];

        [Description("Weather of a city")]
        public string Weather(string city)
        {
            Cities.Add(city);
            return ContractDaemon.Weather;
        }
    }
}
