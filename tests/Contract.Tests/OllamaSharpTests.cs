using System.Net;
using System.Text;
using Microsoft.Extensions.AI;
using OllamaSharp;
using OllamaSharp.Models;
using OllamaSharp.Models.Chat;

namespace LayerStream.Contract.Tests;

/// <summary>OllamaSharp.</summary>
public sealed class OllamaSharpTests(ContractDaemon daemon)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Chat_Streamed_EndsWithCounts()
    {
        using OllamaApiClient client = Client();
        ChatRequest request = new()
        {
            Model = ContractDaemon.ModelId,
            Messages = [new Message(OllamaSharp.Models.Chat.ChatRole.User, "Say hello")],
            Options = new RequestOptions { NumPredict = 8, Temperature = 0 },
        };
        StringBuilder text = new();
        ChatDoneResponseStream? end = null;
        await foreach (ChatResponseStream? piece in client.ChatAsync(request, Token))
        {
            text.Append(piece!.Message.Content);
            end = piece as ChatDoneResponseStream ?? end;
        }

        Assert.NotEmpty(text.ToString());
        Assert.InRange(end!.EvalCount, 1, 8);
        Assert.True(end.PromptEvalCount > 0);
    }

    [Fact]
    public async Task Generate_Streamed_GivesText()
    {
        using OllamaApiClient client = Client();
        StringBuilder text = new();
        RequestOptions options = new() { NumPredict = 8 };
        GenerateRequest request = new() { Model = ContractDaemon.ModelId, Prompt = "Say hello", Options = options };
        await foreach (GenerateResponseStream? piece in client.GenerateAsync(request, Token))
        {
            text.Append(piece!.Response);
        }

        Assert.NotEmpty(text.ToString());
    }

    [Fact]
    public async Task ChatClient_WholeAndStreamed_SameTextAndUsage() => await ChatClientContract.AnswersAsync(Client(), Token);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Tools_OverTwoTurns_AreCalled(bool streams) => await ChatClientContract.CallsAToolAsync(Client(), streams, Token);

    [Fact]
    public async Task Structured_Schema_FillsTheRecord() => await ChatClientContract.FillsARecordAsync(Client(), Token);

    [Fact]
    public async Task Stream_ClientLeaves_RequestEnds() => await ChatClientContract.LeavesAsync(Client(), daemon, Token);

    [Fact]
    public async Task Error_UnknownModel_IsTheExceptionOfTheClient()
    {
        using IChatClient client = new OllamaApiClient(daemon.Address, "missing");
        HttpRequestException unknown =
            await Assert.ThrowsAsync<HttpRequestException>(() => client.GetResponseAsync("Hi", cancellationToken: Token));
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task Models_ListedShownAndRunning_AreTheServedOne()
    {
        using OllamaApiClient client = Client();
        Assert.True(await client.IsRunningAsync(Token));
        Assert.NotEmpty(await client.GetVersionAsync(Token));
        Model listed = Assert.Single(await client.ListLocalModelsAsync(Token));
        Assert.StartsWith(ContractDaemon.ModelId, listed.Name, StringComparison.Ordinal);
        Assert.Single(await client.ListRunningModelsAsync(Token));
        ShowModelResponse shown = await client.ShowModelAsync(new ShowModelRequest { Model = listed.Name }, Token);
        Assert.Equal("llama", shown.Info.Architecture);
    }

    private OllamaApiClient Client() => new(daemon.Address, ContractDaemon.ModelId);
}
