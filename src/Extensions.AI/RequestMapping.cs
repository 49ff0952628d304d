using System.Text.Json;
using System.Text.Json.Nodes;
using LayerStream.Engine;
using LayerStream.Sampling;
using Microsoft.Extensions.AI;

namespace LayerStream.Extensions.AI;

/// <summary>Messages and options of Microsoft.Extensions.AI as a request of the engine.</summary>
internal static class RequestMapping
{
    private const string Additional = "additionalProperties";
    private const string AnyJson = """{"type":"object"}""";

    /// <summary>The request.</summary>
    /// <exception cref="NotSupportedException">Something asked for would change the answer and is not there.</exception>
    /// <param name="messages">The conversation.</param>
    /// <param name="options">What is asked for; null = nothing.</param>
    /// <param name="usual">How tokens are drawn where nothing is asked for.</param>
    public static AnswerRequest Of(IEnumerable<ChatMessage> messages, ChatOptions? options, SamplingOptions usual)
    {
        if (options?.ConversationId is not null)
        {
            throw new NotSupportedException("Conversations are not stored: give all messages instead of ConversationId.");
        }

        List<ChatTurn> turns = [.. messages.SelectMany(Turns)];
        if (options?.Instructions is { Length: > 0 } instructions)
        {
            turns.Insert(0, ChatTurn.System(instructions));
        }

        Tool[] tools = [.. (options?.Tools ?? []).Select(Declared)];
        return new AnswerRequest
        {
            Turns = turns,
            MaxTokens = options?.MaxOutputTokens ?? int.MaxValue,
            Sampling = Sampling(options, usual),
            Stop = [.. options?.StopSequences ?? []],
            Tools = tools,
            ToolDemand = options?.ToolMode switch
            {
                RequiredChatToolMode when tools.Length > 0 => ToolDemand.Required,
                NoneChatToolMode => ToolDemand.None,
                _ => ToolDemand.Auto,
            },
            DemandedTool = (options?.ToolMode as RequiredChatToolMode)?.RequiredFunctionName,
            JsonSchema = options?.ResponseFormat is ChatResponseFormatJson format ? format.Schema ?? Any() : null,
            Thinks = options?.Reasoning?.Effort is { } effort ? effort != ReasoningEffort.None : null,
        };
    }

    private static SamplingOptions Sampling(ChatOptions? o, SamplingOptions usual)
    {
        SamplingOptions sampling = usual with
        {
            Temperature = o?.Temperature ?? usual.Temperature,
            TopP = o?.TopP ?? usual.TopP,
            TopK = o?.TopK ?? usual.TopK,
            FrequencyPenalty = o?.FrequencyPenalty ?? usual.FrequencyPenalty,
            PresencePenalty = o?.PresencePenalty ?? usual.PresencePenalty,
            Seed = o?.Seed ?? usual.Seed,
        };
        sampling.Validate();
        return sampling;
    }

    // A message of several results is a turn for each.
    private static IEnumerable<ChatTurn> Turns(ChatMessage message)
    {
        List<ToolCall> calls = [];
        System.Text.StringBuilder text = new();
        foreach (AIContent content in message.Contents)
        {
            switch (content)
            {
                case TextContent said:
                    text.Append(said.Text);
                    break;
                case FunctionCallContent call:
                    calls.Add(new ToolCall(call.CallId, call.Name, Text(call.Arguments)));
                    break;
                case FunctionResultContent result:
                    yield return new ChatTurn("tool", Text(result.Result)) { CallId = result.CallId };
                    break;
                case TextReasoningContent or UsageContent or ErrorContent:
                    break; // no part of what the model is shown again
                default:
                    throw new NotSupportedException($"The model takes text and calls of tools, and no {content.GetType().Name}.");
            }
        }

        if (text.Length > 0 || calls.Count > 0 || message.Contents.Count == 0)
        {
            yield return new ChatTurn(message.Role.Value, text.ToString()) { Calls = calls };
        }
    }

    private static Tool Declared(AITool tool) => tool is AIFunctionDeclaration function
        ? new Tool(function.Name, function.Description, Closed(function.JsonSchema))
        : throw new NotSupportedException($"The tool '{tool.Name}' is a {tool.GetType().Name}; only functions can be called.");

    // A function takes its own parameters only; schemas made from methods do not say so.
    private static JsonElement Closed(JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object || schema.TryGetProperty(Additional, out _))
        {
            return schema;
        }

        JsonObject closed = JsonObject.Create(schema)!;
        closed[Additional] = false;
        using JsonDocument document = JsonDocument.Parse(closed.ToJsonString());
        return document.RootElement.Clone();
    }

    private static string Text(IDictionary<string, object?>? arguments) => arguments is null ? "{}"
        : JsonSerializer.Serialize(arguments, AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(IDictionary<string, object?>)));

    private static string Text(object? result) => result switch
    {
        null => "",
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } text => text.GetString()!,
        _ => JsonSerializer.Serialize(result, AIJsonUtilities.DefaultOptions.GetTypeInfo(result.GetType())),
    };

    private static JsonElement Any()
    {
        using JsonDocument document = JsonDocument.Parse(AnyJson);
        return document.RootElement.Clone();
    }
}
