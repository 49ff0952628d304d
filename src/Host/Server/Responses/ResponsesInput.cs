using System.Text.Json;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;

namespace LayerStream.Host.Server.Responses;

/// <summary>Items of a responses request as messages. Calls and thoughts that stand side by side are one message of the
/// assistant.</summary>
internal static class ResponsesInput
{
    /// <summary>Writes <c>messages</c>.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="context">What was said, and what before.</param>
    public static void Write(Utf8JsonWriter json, ResponsesContext context)
    {
        using JsonDocument items = JsonDocument.Parse(context.Items);
        json.WriteStartArray("messages");
        if (context.Instructions is { Length: > 0 } told)
        {
            MessageJson.Text(json, "system", told);
        }

        Turn turn = new();
        foreach ((JsonElement item, string place) in JsonParts.Items(items.RootElement, "input"))
        {
            WriteItem(json, item, place, turn);
        }

        turn.Write(json);
        json.WriteEndArray();
    }

    private static void WriteItem(Utf8JsonWriter json, JsonElement item, string place, Turn turn)
    {
        string type = JsonParts.Text(item, "type", place) ?? "message";
        switch (type)
        {
            case "message":
                string role = JsonParts.RequireText(item, "role", place);
                string text = JsonParts.ContentText(JsonParts.Find(item, "content"), place + ".content");
                if (role == "assistant")
                {
                    turn.Say(json, text);
                    return;
                }

                turn.Write(json);
                MessageJson.Text(json, role, text);
                break;
            case "function_call":
                turn.Calls.Add((JsonParts.Text(item, "call_id", place) ?? "", JsonParts.RequireText(item, "name", place),
                    JsonParts.Text(item, "arguments", place) ?? "{}"));
                break;
            case "function_call_output":
                turn.Write(json);
                MessageJson.ToolResult(json, JsonParts.RequireText(item, "call_id", place),
                    JsonParts.ContentText(JsonParts.Find(item, "output"), place + ".output"));
                break;
            case "reasoning":
                turn.Think(json, item, place);
                break;
            default:
                throw JsonParts.Unsupported(place, type);
        }
    }

    /// <summary>A message of the assistant that is being put together.</summary>
    private sealed class Turn
    {
        private string _text = "", _thought = "";

        public List<(string Id, string Name, string Arguments)> Calls { get; } = [];

        public void Say(Utf8JsonWriter json, string text)
        {
            if (_text.Length > 0 || Calls.Count > 0)
            {
                Write(json);
            }

            _text = text;
        }

        public void Think(Utf8JsonWriter json, JsonElement item, string place)
        {
            if (_text.Length > 0 || Calls.Count > 0)
            {
                Write(json);
            }

            if (JsonParts.Find(item, "content") is { } content)
            {
                _thought = string.Join('\n', JsonParts.Items(content, place + ".content")
                    .Select(p => JsonParts.Text(p.Item, "text", p.Place) ?? ""));
            }
        }

        public void Write(Utf8JsonWriter json)
        {
            if (_text.Length > 0 || _thought.Length > 0 || Calls.Count > 0)
            {
                MessageJson.Assistant(json, _text, _thought, Calls);
            }

            (_text, _thought) = ("", "");
            Calls.Clear();
        }
    }
}
