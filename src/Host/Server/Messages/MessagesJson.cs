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
    public static void Reason(Utf8JsonWriter json, string? reason)
    {
        json.WriteString("stop_reason", reason switch
        {
            null => null,
            "tool_calls" => "tool_use",
            "length" => "max_tokens",
            _ => "end_turn",
        });
        json.WriteNull("stop_sequence");
    }

    /// <summary>Tokens.</summary>
    public static void Usage(Utf8JsonWriter json, int promptTokens, RunResult? result)
    {
        json.WriteStartObject("usage");
        json.WriteNumber("input_tokens", promptTokens);
        json.WriteNumber("cache_creation_input_tokens", 0);
        json.WriteNumber("cache_read_input_tokens", 0);
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
