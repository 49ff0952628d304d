using System.Text.Json;
using LayerStream.Actors.Run;
using LayerStream.Host.Server.Http;

namespace LayerStream.Host.Server.Messages;

/// <summary>Objects of the Anthropic messages API.</summary>
internal static class MessagesJson
{
    /// <summary>Members of a message up to its content.</summary>
    public static void Begin(Utf8JsonWriter json, string id, string model)
    {
        json.WriteString("id", "msg_" + id);
        json.WriteString("type", "message");
        json.WriteString("role", "assistant");
        json.WriteString("model", model);
    }

    /// <summary>Why it ended.</summary>
    /// <param name="json">Where it is written.</param>
    /// <param name="reason">The reason as the OpenAI API has it; null = it has not ended.</param>
    /// <param name="stopText">The text that it stopped at, or null.</param>
    public static void Reason(Utf8JsonWriter json, string? reason, string? stopText)
    {
        json.WriteString("stop_reason", reason switch
        {
            null => null,
            "tool_calls" => "tool_use",
            "length" => "max_tokens",
            _ => stopText is null ? "end_turn" : "stop_sequence",
        });
        json.WriteString("stop_sequence", reason == "stop" ? stopText : null);
    }

    /// <summary>Tokens.</summary>
    public static void Usage(Utf8JsonWriter json, int promptTokens, RunResult? result)
    {
        json.WriteStartObject("usage");
        json.WriteNumber("input_tokens", promptTokens - (result?.CachedTokens ?? 0));
        json.WriteNumber("cache_creation_input_tokens", 0);
        json.WriteNumber("cache_read_input_tokens", result?.CachedTokens ?? 0);
        json.WriteNumber("output_tokens", result?.GeneratedTokens ?? 0);
        json.WriteEndObject();
    }

    /// <summary>An error.</summary>
    public static void Error(Utf8JsonWriter json, ApiException error)
    {
        json.WriteStartObject();
        json.WriteString("type", "error");
        json.WriteStartObject("error");
        json.WriteString("type", error.Status switch
        {
            400 or 415 or 408 => "invalid_request_error",
            401 => "authentication_error",
            403 => "permission_error",
            404 or 405 => "not_found_error",
            413 => "request_too_large",
            429 => "rate_limit_error",
            503 => "overloaded_error",
            _ => "api_error",
        });
        json.WriteString("message", error.Message);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
