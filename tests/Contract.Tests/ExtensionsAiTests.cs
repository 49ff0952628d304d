using System.ClientModel;
using System.Text.Json;
using Microsoft.Extensions.AI;
using OpenAI;

namespace LayerStream.Contract.Tests;

/// <summary>Microsoft.Extensions.AI.OpenAI, on chat completions and on responses.</summary>
public sealed class ExtensionsAiTests(ContractDaemon daemon)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public Task Chat_WholeAndStreamed_SameTextAndUsage() => ChatClientContract.AnswersAsync(Chat(), Token);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Tools_OverTwoTurns_AreCalled(bool streams) => ChatClientContract.CallsAToolAsync(Chat(), streams, Token);

    [Fact]
    public Task Structured_Schema_FillsTheRecord() => ChatClientContract.FillsARecordAsync(Chat(), Token);

    [Fact]
    public async Task Structured_WithoutSchema_IsJson()
    {
        ChatResponse reply = await Chat().GetResponseAsync("Describe a person as JSON.",
            new ChatOptions { MaxOutputTokens = 200, Temperature = 0, ResponseFormat = ChatResponseFormat.Json }, Token);
        using JsonDocument json = JsonDocument.Parse(reply.Text);
        Assert.Equal(JsonValueKind.Object, json.RootElement.ValueKind);
    }

    [Fact]
    public Task Stream_ClientLeaves_RequestEnds() => ChatClientContract.LeavesAsync(Chat(), daemon, Token);

    [Fact]
    public async Task Error_UnknownModel_IsTheExceptionOfTheClient()
    {
        ClientResultException unknown = await Assert.ThrowsAsync<ClientResultException>(
            () => Client().GetChatClient("missing").AsIChatClient().GetResponseAsync("Hi", cancellationToken: Token));
        Assert.Equal(404, unknown.Status);
    }

    [Fact]
    public async Task Responses_Whole_IsAnswered()
    {
        ChatOptions options = new() { MaxOutputTokens = 8, Temperature = 0 };
        ChatResponse reply = await Responses().GetResponseAsync("Say hello", options, Token);
        Assert.NotEmpty(reply.Text);
        Assert.InRange(reply.Usage!.OutputTokenCount!.Value, 1, 8);
    }

    [Fact]
    public Task Responses_ToolsOverTwoTurns_AreCalled() => ChatClientContract.CallsAToolAsync(Responses(), streams: false, Token);

    private IChatClient Chat() => Client().GetChatClient(ContractDaemon.ModelId).AsIChatClient();

    private IChatClient Responses() => Client().GetResponsesClient().AsIChatClient(ContractDaemon.ModelId);

    private OpenAIClient Client() => new(new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = daemon.OpenAiAddress });
}
