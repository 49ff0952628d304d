using System.ComponentModel;
using Microsoft.Extensions.AI;

namespace LayerStream.Contract.Tests;

/// <summary>What every client behind <see cref="IChatClient"/> must get from the daemon.</summary>
internal static class ChatClientContract
{
    private const int LongAnswerTokens = 4000;
    private const string PersonQuestion = "Describe a person as JSON, for example {\"name\": \"Ann\", \"age\": 30}.";

    /// <summary>A person as models are asked for one.</summary>
    internal sealed record Person(string Name, int Age);

    /// <summary>An answer at once, with usage; the same answer in pieces.</summary>
    internal static async Task AnswersAsync(IChatClient client, CancellationToken ct)
    {
        ChatOptions options = new() { MaxOutputTokens = 8, Temperature = 0 };
        ChatResponse whole = await client.GetResponseAsync("Say hello", options, ct);
        Assert.NotEmpty(whole.Text);
        Assert.InRange(whole.Usage!.OutputTokenCount!.Value, 1, 8);
        Assert.True(whole.Usage.InputTokenCount > 0);
        ChatResponse streamed = await client.GetStreamingResponseAsync("Say hello", options, ct).ToChatResponseAsync(ct);
        Assert.Equal(whole.Text, streamed.Text);
        Assert.Equal(whole.FinishReason, streamed.FinishReason);
    }

    /// <summary>A call, its result and an answer that has it.</summary>
    internal static async Task CallsAToolAsync(IChatClient client, bool streams, CancellationToken ct)
    {
        List<string> cities = [];
        AIFunction weather = AIFunctionFactory.Create(Weather, "get_weather", "Weather of a city");
        using FunctionInvokingChatClient calling = new(client) { MaximumIterationsPerRequest = 3 };
        ChatOptions options = new() { MaxOutputTokens = 60, Temperature = 0, Tools = [weather] };
        ChatResponse reply = streams
            ? await calling.GetStreamingResponseAsync(ContractDaemon.Question, options, ct).ToChatResponseAsync(ct)
            : await calling.GetResponseAsync(ContractDaemon.Question, options, ct);
        Assert.Equal(["Paris"], cities);
        Assert.Contains(reply.Messages, m => m.Contents.OfType<FunctionCallContent>().Any());
        Assert.NotEmpty(reply.Text);

        [Description("Weather of a city")]
        string Weather(string city)
        {
            cities.Add(city);
            return ContractDaemon.Weather;
        }
    }

    /// <summary>An answer that reads as a record.</summary>
    internal static async Task FillsARecordAsync(IChatClient client, CancellationToken ct)
    {
        ChatOptions options = new() { MaxOutputTokens = 100, Temperature = 0 };
        ChatResponse<Person> reply = await client.GetResponseAsync<Person>(PersonQuestion, options, cancellationToken: ct);
        Assert.True(reply.TryGetResult(out Person? person), reply.Text);
        Assert.NotNull(person.Name);
    }

    /// <summary>A client that leaves in the middle costs nobody anything: the request ends as cancelled.</summary>
    internal static async Task LeavesAsync(IChatClient client, ContractDaemon daemon, CancellationToken ct)
    {
        using CancellationTokenSource leaving = CancellationTokenSource.CreateLinkedTokenSource(ct);
        ChatOptions options = new() { MaxOutputTokens = LongAnswerTokens };
        int cancelled = await daemon.CancelledAsync(ct);
        try
        {
            await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(ContractDaemon.LongQuestion, options,
                leaving.Token))
            {
                if (update.Text.Length > 0)
                {
                    await leaving.CancelAsync();
                }
            }
        }
        catch (OperationCanceledException) when (leaving.IsCancellationRequested)
        {
            // Most clients end so, others without a word.
        }

        Assert.Equal(cancelled + 1, await daemon.CancelledWhenIdleAsync(cancelled, ct));
    }
}
