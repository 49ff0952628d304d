using System.Net;
using System.Text;
using Anthropic;
using Anthropic.Exceptions;
using Anthropic.Models.Messages;
using Anthropic.Models.Models;
using Microsoft.Extensions.AI;

namespace LayerStream.Contract.Tests;

/// <summary>The Anthropic package of NuGet.</summary>
public sealed class AnthropicTests(ContractDaemon daemon)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Messages_WholeAndStreamed_SameText()
    {
        using AnthropicClient client = Client();
        Message whole = await client.Messages.Create(Hello(), Token);
        StringBuilder text = new();
        foreach (ContentBlock block in whole.Content)
        {
            text.Append(block.TryPickText(out TextBlock? piece) ? piece.Text : "");
        }

        Assert.NotEmpty(text.ToString());
        Assert.InRange(whole.Usage.OutputTokens, 1, 8);
        StringBuilder streamed = new();
        await foreach (RawMessageStreamEvent item in client.Messages.CreateStreaming(Hello(), Token))
        {
            streamed.Append(item.TryPickContentBlockDelta(out RawContentBlockDeltaEvent? delta)
                && delta.Delta.TryPickText(out TextDelta? piece) ? piece.Text : "");
        }

        Assert.Equal(text.ToString(), streamed.ToString());
    }

    [Fact]
    public async Task CountTokens_OfAPrompt_IsThatOfTheAnswer()
    {
        using AnthropicClient client = Client();
        MessageTokensCount count = await client.Messages.CountTokens(
            new MessageCountTokensParams { Model = ContractDaemon.ModelId, Messages = [new UserMessageParam("Say hello")] }, Token);
        Message whole = await client.Messages.Create(Hello(), Token);
        Assert.Equal(count.InputTokens, whole.Usage.InputTokens + (whole.Usage.CacheReadInputTokens ?? 0));
    }

    [Fact]
    public async Task Chat_WholeAndStreamed_SameTextAndUsage() => await ChatClientContract.AnswersAsync(Chat(), Token);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Tools_OverTwoTurns_AreCalled(bool streams) => await ChatClientContract.CallsAToolAsync(Chat(), streams, Token);

    [Fact]
    public async Task Structured_Schema_FillsTheRecord() => await ChatClientContract.FillsARecordAsync(Chat(), Token);

    [Fact]
    public async Task Stream_ClientLeaves_RequestEnds() => await ChatClientContract.LeavesAsync(Chat(), daemon, Token);

    [Fact]
    public async Task Error_UnknownModel_IsTheExceptionOfTheClient()
    {
        using AnthropicClient client = Client();
        AnthropicNotFoundException unknown = await Assert.ThrowsAsync<AnthropicNotFoundException>(
            () => client.Messages.Create(Hello() with { Model = "missing" }, Token));
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.Contains(ContractDaemon.ModelId, unknown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Models_ListedAndAsked_AreTheServedOne()
    {
        using AnthropicClient client = Client();
        ModelListPage all = await client.Models.List(cancellationToken: Token);
        Assert.Equal([ContractDaemon.ModelId], all.Items.Select(m => m.ID));
        ModelInfo one = await client.Models.Retrieve(ContractDaemon.ModelId, cancellationToken: Token);
        Assert.Equal(ContractDaemon.ModelId, one.DisplayName);
    }

    private static MessageCreateParams Hello() =>
        new() { Model = ContractDaemon.ModelId, MaxTokens = 8, Messages = [new UserMessageParam("Say hello")] };

    private AnthropicClient Client() => new() { BaseUrl = daemon.Address.ToString().TrimEnd('/'), ApiKey = "none" };

    private IChatClient Chat() => Client().AsIChatClient(ContractDaemon.ModelId, defaultMaxOutputTokens: 100);
}
