using System.Text.Json;
using LayerStream.Actors.Run;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Translation;

namespace LayerStream.Host.Server.Responses;

/// <summary>The response object.</summary>
internal static class ResponsesJson
{
    /// <summary>Writes it.</summary>
    public static void Write(Utf8JsonWriter json, TranslatedAnswer.Prepared prepared, ResponsesContext? context, long created,
        string status, bool isStored, IReadOnlyList<ResponsesItem> items, RunResult? result, ApiException? error)
    {
        json.WriteStartObject();
        json.WriteString("id", "resp_" + prepared.Id);
        json.WriteString("object", "response");
        json.WriteNumber("created_at", created);
        json.WriteString("status", status);
        json.WriteString("model", prepared.ModelId);
        json.WriteBoolean("store", isStored);
        json.WriteBoolean("parallel_tool_calls", prepared.Request.AllowsSeveralCalls);
        WriteChoice(json, prepared.Request);
        json.WritePropertyName("tools");
        json.WriteRawValue(context?.Tools ?? "[]");
        json.WriteString("previous_response_id", context?.PreviousId);
        json.WriteString("instructions", context?.Instructions);
        json.WritePropertyName("metadata");
        json.WriteRawValue(context?.Metadata ?? "{}");
        json.WriteNumber("temperature", prepared.Request.Sampling.Temperature);
        json.WriteNumber("top_p", prepared.Request.Sampling.TopP);
        WriteLimits(json, prepared.Request);
        WriteEnd(json, status, error);
        json.WriteStartArray("output");
        foreach (ResponsesItem item in items)
        {
            item.Write(json);
        }

        json.WriteEndArray();
        if (result is not null)
        {
            WriteUsage(json, result);
        }

        json.WriteEndObject();
    }

    /// <summary>The event of a failure before there is a response.</summary>
    public static void StreamError(Utf8JsonWriter json, ApiException error)
    {
        json.WriteStartObject();
        json.WriteString("type", "error");
        json.WriteString("code", error.Code ?? "server_error");
        json.WriteString("message", error.Message);
        json.WriteString("param", error.Param);
        json.WriteNumber("sequence_number", 0);
        json.WriteEndObject();
    }

    private static void WriteChoice(Utf8JsonWriter json, ChatRequest request)
    {
        if (request.ToolChoice != ToolDemand.Named)
        {
            json.WriteString("tool_choice", request.ToolChoice switch
            {
                ToolDemand.None => "none",
                ToolDemand.Required => "required",
                _ => "auto",
            });
            return;
        }

        json.WriteStartObject("tool_choice");
        json.WriteString("type", "function");
        json.WriteString("name", request.DemandedTool);
        json.WriteEndObject();
    }

    private static void WriteLimits(Utf8JsonWriter json, ChatRequest request)
    {
        json.WriteString("truncation", "disabled");
        json.WriteBoolean("background", false);
        json.WriteStartObject("reasoning");
        json.WriteString("effort", request.ReasoningEffort);
        json.WriteNull("summary");
        json.WriteEndObject();
        if (request.MaxTokens is { } most)
        {
            json.WriteNumber("max_output_tokens", most);
        }
        else
        {
            json.WriteNull("max_output_tokens");
        }
    }

    private static void WriteEnd(Utf8JsonWriter json, string status, ApiException? error)
    {
        if (error is null)
        {
            json.WriteNull("error");
        }
        else
        {
            json.WriteStartObject("error");
            json.WriteString("code", error.Code ?? "server_error");
            json.WriteString("message", error.Message);
            json.WriteEndObject();
        }

        if (status == "incomplete")
        {
            json.WriteStartObject("incomplete_details");
            json.WriteString("reason", "max_output_tokens");
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("incomplete_details");
        }
    }

    private static void WriteUsage(Utf8JsonWriter json, RunResult result)
    {
        json.WriteStartObject("usage");
        json.WriteNumber("input_tokens", result.PromptTokens);
        json.WriteStartObject("input_tokens_details");
        json.WriteNumber("cached_tokens", result.CachedTokens);
        json.WriteEndObject();
        json.WriteNumber("output_tokens", result.GeneratedTokens);
        json.WriteStartObject("output_tokens_details");
        json.WriteNumber("reasoning_tokens", 0);
        json.WriteEndObject();
        json.WriteNumber("total_tokens", result.PromptTokens + result.GeneratedTokens);
        json.WriteEndObject();
    }
}
