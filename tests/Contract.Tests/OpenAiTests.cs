using System.ClientModel;
using System.Text;
using System.Text.Json;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Models;

namespace LayerStream.Contract.Tests;

/// <summary>The OpenAI package of NuGet.</summary>
public sealed class OpenAiTests(ContractDaemon daemon)
{
    private static readonly ChatTool s_weather = ChatTool.CreateFunctionTool("get_weather", "Weather of a city",
        BinaryData.FromString("""
            {"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}
            """), functionSchemaIsStrict: true);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Chat_WholeAndStreamed_SameTextAndUsage()
    {
        ChatCompletionOptions options = new() { MaxOutputTokenCount = 8, Temperature = 0 };
        ChatMessage[] messages = [new SystemChatMessage("Be brief."), new UserChatMessage("Say hello")];
        ChatCompletion whole = await Client().CompleteChatAsync(messages, options, Token);
        Assert.InRange(whole.Usage.OutputTokenCount, 1, 8);
        StringBuilder text = new();
        int? streamedTokens = null;
        await foreach (StreamingChatCompletionUpdate update in Client().CompleteChatStreamingAsync(messages, options, Token))
        {
            text.Append(string.Concat(update.ContentUpdate.Select(part => part.Text)));
            streamedTokens = update.Usage?.OutputTokenCount ?? streamedTokens;
        }

        Assert.Equal(whole.Content[0].Text, text.ToString());
        Assert.Equal(whole.Usage.OutputTokenCount, streamedTokens);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Tools_OverTwoTurns_ResultIsInTheAnswer(bool isDemanded)
    {
        List<ChatMessage> messages = [new UserChatMessage(ContractDaemon.Question)];
        ChatCompletionOptions options = new() { MaxOutputTokenCount = 60, Temperature = 0, Tools = { s_weather } };
        options.ToolChoice = isDemanded ? ChatToolChoice.CreateRequiredChoice() : ChatToolChoice.CreateAutoChoice();
        ChatCompletion first = await Client().CompleteChatAsync(messages, options, Token);
        Assert.Equal(ChatFinishReason.ToolCalls, first.FinishReason);
        ChatToolCall call = Assert.Single(first.ToolCalls);
        using JsonDocument arguments = JsonDocument.Parse(call.FunctionArguments);
        Assert.Equal("Paris", arguments.RootElement.GetProperty("city").GetString());
        messages.AddRange([new AssistantChatMessage(first), new ToolChatMessage(call.Id, ContractDaemon.Weather)]);
        options.ToolChoice = ChatToolChoice.CreateAutoChoice();
        ChatCompletion second = await Client().CompleteChatAsync(messages, options, Token);
        Assert.Equal(ChatFinishReason.Stop, second.FinishReason);
        Assert.Contains(ContractDaemon.Weather, second.Content[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Structured_StrictSchema_IsFollowed()
    {
        ChatCompletionOptions options = new()
        {
            MaxOutputTokenCount = 100,
            Temperature = 0,
            ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat("person", BinaryData.FromString("""
                {"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"}},"required":["name","age"],
                 "additionalProperties":false}
                """), jsonSchemaIsStrict: true),
        };
        ChatCompletion reply = await Client().CompleteChatAsync([new UserChatMessage("Describe a person.")], options, Token);
        using JsonDocument person = JsonDocument.Parse(reply.Content[0].Text);
        Assert.Equal(["name", "age"], person.RootElement.EnumerateObject().Select(p => p.Name));
    }

    [Fact]
    public async Task Error_UnknownModelAndLongPrompt_AreTheExceptionsOfTheClient()
    {
        ClientResultException unknown = await Assert.ThrowsAsync<ClientResultException>(
            () => Client("missing").CompleteChatAsync([new UserChatMessage("Hi")], cancellationToken: Token));
        Assert.Equal(404, unknown.Status);
        Assert.Contains(ContractDaemon.ModelId, unknown.Message, StringComparison.Ordinal);
        ClientResultException tooLong = await Assert.ThrowsAsync<ClientResultException>(() => Client().CompleteChatAsync(
            [new UserChatMessage(string.Concat(Enumerable.Repeat("word ", 20_000)))], cancellationToken: Token));
        Assert.Equal(400, tooLong.Status);
        Assert.Contains("context_length_exceeded", tooLong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_ClientLeaves_RequestEnds()
    {
        int cancelled = await daemon.CancelledAsync(Token);
        using CancellationTokenSource leaving = CancellationTokenSource.CreateLinkedTokenSource(Token);
        ChatCompletionOptions options = new() { MaxOutputTokenCount = 4000 };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (StreamingChatCompletionUpdate _ in Client().CompleteChatStreamingAsync(
                [new UserChatMessage(ContractDaemon.LongQuestion)], options, leaving.Token))
            {
                await leaving.CancelAsync();
            }
        });
        Assert.Equal(cancelled + 1, await daemon.CancelledWhenIdleAsync(cancelled, Token));
    }

    [Fact]
    public async Task Models_ListedAndAsked_AreTheServedOne()
    {
        OpenAIModelClient models = new(new ApiKeyCredential("none"), Options());
        OpenAIModelCollection all = await models.GetModelsAsync(Token);
        Assert.Equal([ContractDaemon.ModelId], all.Select(m => m.Id));
        OpenAIModel one = await models.GetModelAsync(ContractDaemon.ModelId, Token);
        Assert.Equal(all[0].CreatedAt, one.CreatedAt);
    }

    private ChatClient Client(string model = ContractDaemon.ModelId) => new(model, new ApiKeyCredential("none"), Options());

    private OpenAIClientOptions Options() => new() { Endpoint = daemon.OpenAiAddress };
}
