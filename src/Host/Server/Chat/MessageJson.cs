using System.Text.Json;

namespace LayerStream.Host.Server.Chat;

/// <summary>Messages as the chat completions API writes them: what other protocols are translated to, and what answers hold.</summary>
internal static class MessageJson
{
    /// <summary>A message of a text.</summary>
    public static void Text(Utf8JsonWriter json, string role, string text)
    {
        json.WriteStartObject();
        json.WriteString("role", role);
        json.WriteString("content", text);
        json.WriteEndObject();
    }

    /// <summary>What a tool gave for a call.</summary>
    public static void ToolResult(Utf8JsonWriter json, string callId, string text)
    {
        json.WriteStartObject();
        json.WriteString("role", "tool");
        json.WriteString("tool_call_id", callId);
        json.WriteString("content", text);
        json.WriteEndObject();
    }

    /// <summary>A message of the assistant; thought and calls only where there are any.</summary>
    public static void Assistant(Utf8JsonWriter json, string said, string thought,
        IReadOnlyCollection<(string Id, string Name, string Arguments)> calls)
    {
        json.WriteStartObject();
        json.WriteString("role", "assistant");
        json.WriteString("content", said);
        if (thought.Length > 0)
        {
            json.WriteString("reasoning_content", thought);
        }

        Calls(json, calls);
        json.WriteEndObject();
    }

    /// <summary>The member <c>tool_calls</c>, unless there are none.</summary>
    public static void Calls(Utf8JsonWriter json, IReadOnlyCollection<(string Id, string Name, string Arguments)> calls)
    {
        if (calls.Count == 0)
        {
            return;
        }

        json.WriteStartArray("tool_calls");
        foreach ((string id, string name, string arguments) in calls)
        {
            Call(json, id, name, arguments);
        }

        json.WriteEndArray();
    }

    /// <summary>A call in the list of an assistant's calls.</summary>
    public static void Call(Utf8JsonWriter json, string id, string name, string arguments)
    {
        json.WriteStartObject();
        json.WriteString("id", id);
        json.WriteString("type", "function");
        json.WriteStartObject("function");
        json.WriteString("name", name);
        json.WriteString("arguments", arguments);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
