using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using LayerStream.Engine;
using LayerStream.Extensions.AI;
using Microsoft.Extensions.AI;

namespace LayerStream.Library.Tests;

public sealed class ModelChatClientTests(LoadedOnce loaded) : IClassFixture<LoadedOnce>
{
    // Few values: a small model would fill a text to the end of the answer.
    private enum Town
    {
        Bonn,
        Rome,
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static ChatOptions Greedy => new() { Temperature = 0, MaxOutputTokens = 60 };

    [Fact]
    public async Task Response_Whole_IsWhatTheStreamSays()
    {
        using ModelChatClient client = new(loaded.Model);
        ChatResponse whole = await client.GetResponseAsync("Name a colour.", Greedy, Token);
        string streamed = "";
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("Name a colour.", Greedy, Token))
        {
            streamed += update.Text;
        }

        Assert.NotEqual("", whole.Text);
        Assert.Equal(whole.Text, streamed);
        Assert.True(whole.FinishReason is { } reason && (reason == ChatFinishReason.Stop || reason == ChatFinishReason.Length));
        Assert.Equal(whole.Usage!.TotalTokenCount, whole.Usage.InputTokenCount + whole.Usage.OutputTokenCount);
        Assert.Equal(loaded.Model.Name, whole.ModelId);
    }

    [Fact]
    public async Task Response_WithFunctionInvocation_CallsAndGoesOn()
    {
        List<Town> asked = [];
        AIFunction weather = AIFunctionFactory.Create(([Description("The town.")] Town town) =>
        {
            asked.Add(town);
            return "sunny";
        }, "get_weather", "The weather of a town.");
        using IChatClient client = new ModelChatClient(loaded.Model).AsBuilder().UseFunctionInvocation().Build();
        ChatOptions options = Greedy;
        (options.Tools, options.ToolMode, options.MaxOutputTokens) = ([weather], ChatToolMode.RequireAny, 120);
        ChatResponse response = await client.GetResponseAsync("How is the weather in Bonn?", options, Token);
        Assert.True(asked.Count > 0, JsonSerializer.Serialize(response.Messages, AIJsonUtilities.DefaultOptions));
        Assert.Contains(response.Messages, m => m.Contents.OfType<FunctionResultContent>().Any(r => r.Result?.ToString() == "sunny"));
    }

    [Fact]
    public async Task Response_Structured_MeetsTheSchema()
    {
        using ModelChatClient client = new(loaded.Model);
        ChatOptions options = Greedy;
        using JsonDocument schema = JsonDocument.Parse("""
            {"type":"object","properties":{"colour":{"enum":["red","blue"]}},"required":["colour"],"additionalProperties":false}
            """);
        options.ResponseFormat = ChatResponseFormat.ForJsonSchema(schema.RootElement);
        ChatResponse response = await client.GetResponseAsync("Red or blue?", options, Token);
        using JsonDocument answer = JsonDocument.Parse(response.Text);
        Assert.Contains(answer.RootElement.GetProperty("colour").GetString(), new[] { "red", "blue" });
    }

    [Fact]
    public async Task Response_WithOpenTelemetry_HasASpanWithTokens()
    {
        List<Activity> spans = [];
        using ActivityListener listener = new()
        {
            ShouldListenTo = source => source.Name == "library.tests",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Add,
        };
        ActivitySource.AddActivityListener(listener);
        using IChatClient client = new ModelChatClient(loaded.Model).AsBuilder().UseOpenTelemetry(sourceName: "library.tests").Build();
        await client.GetResponseAsync("Hi", Greedy, Token);
        Activity span = Assert.Single(spans);
        Assert.Equal(loaded.Model.Name, span.GetTagItem("gen_ai.request.model"));
        Assert.True(Convert.ToInt64(span.GetTagItem("gen_ai.usage.output_tokens")) > 0);
    }

    [Fact]
    public async Task Response_ContentThatTheModelCannotSee_IsRefusedByName()
    {
        using ModelChatClient client = new(loaded.Model);
        ChatMessage picture = new(ChatRole.User, [new DataContent(new byte[] { 1 }, "image/png")]);
        NotSupportedException refusal = await Assert.ThrowsAsync<NotSupportedException>(
            () => client.GetResponseAsync([picture], null, Token));
        Assert.Contains(nameof(DataContent), refusal.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<NotSupportedException>(
            () => client.GetResponseAsync("Hi", new ChatOptions { ConversationId = "x" }, Token));
    }

    [Fact]
    public void GetService_OfTheClient_GivesModelAndMetadata()
    {
        using ModelChatClient client = new(loaded.Model);
        Assert.Same(loaded.Model, client.GetService(typeof(LanguageModel)));
        Assert.Equal("layerstream", ((ChatClientMetadata)client.GetService(typeof(ChatClientMetadata))!).ProviderName);
        Assert.Same(client, client.GetService(typeof(IChatClient)));
        Assert.Null(client.GetService(typeof(IChatClient), "key"));
    }
}
