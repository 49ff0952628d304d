using System.Text;
using System.Text.Json;
using LayerStream.Sampling;
using LayerStream.Session;
using LayerStream.Tokenization;

namespace LayerStream.Host.Server.Responses;

/// <summary>An item of a response while it grows.</summary>
internal sealed class ResponsesItem(string type, string id)
{
    /// <summary>message, reasoning or function_call.</summary>
    public string Type => type;

    /// <summary>Its id.</summary>
    public string Id => id;

    /// <summary>Text, thought or arguments so far.</summary>
    public StringBuilder Text { get; } = new();

    /// <summary>Name of the function.</summary>
    public string Name { get; init; } = "";

    /// <summary>Id of the call.</summary>
    public string CallId { get; init; } = "";

    /// <summary>Whether nothing follows.</summary>
    public bool IsWhole { get; set; }

    /// <summary>Whether the answer was cut off in it.</summary>
    public bool IsCut { get; set; }

    /// <summary>Log-probabilities of the tokens of its text, if they were asked for.</summary>
    public List<TokenLogProbabilities> Probabilities { get; } = [];

    /// <summary>Texts of tokens.</summary>
    public Tokenizer? Tokenizer { get; init; }

    /// <summary>Writes it.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("id", id);
        json.WriteString("type", type);
        json.WriteString("status", IsCut ? "incomplete" : IsWhole ? "completed" : "in_progress");
        switch (type)
        {
            case "function_call":
                json.WriteString("call_id", CallId);
                json.WriteString("name", Name);
                json.WriteString("arguments", Text.ToString());
                break;
            case "reasoning":
                json.WriteStartArray("summary");
                json.WriteEndArray();
                json.WriteStartArray("content");
                WritePart(json);
                json.WriteEndArray();
                break;
            default:
                json.WriteString("role", "assistant");
                json.WriteStartArray("content");
                if (IsWhole)
                {
                    WritePart(json);
                }

                json.WriteEndArray();
                break;
        }

        json.WriteEndObject();
    }

    /// <summary>Writes the part that holds its text.</summary>
    public void WritePart(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", type == "reasoning" ? "reasoning_text" : "output_text");
        json.WriteString("text", Text.ToString());
        if (type != "reasoning")
        {
            json.WriteStartArray("annotations");
            json.WriteEndArray();
            LogProbabilityJson.Write(json, "logprobs", Tokenizer, Probabilities);
        }

        json.WriteEndObject();
    }
}
