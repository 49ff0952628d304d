using System.Text;
using System.Text.Json;
using LayerStream.Actors.Run;
using LayerStream.Host.Server.Chat;
using LayerStream.Sampling;
using LayerStream.Tokenization;

namespace LayerStream.Host.Server.Completions;

/// <summary>Bodies of completion replies.</summary>
internal sealed class CompletionJson(string id, string model, long created, Tokenizer? tokenizer)
{
    /// <summary>The request's id.</summary>
    public string Id => id;

    /// <summary>The beginning, up to the first choice.</summary>
    public void Begin(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("id", id);
        json.WriteString("object", "text_completion");
        json.WriteNumber("created", created);
        json.WriteString("model", model);
        json.WriteStartArray("choices");
    }

    /// <summary>A choice, or a piece of one.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="index">Number of the choice.</param>
    /// <param name="text">Its text.</param>
    /// <param name="tokens">Its tokens with what the model found of them (null for the first of a prompt); null = not asked for.</param>
    /// <param name="offset">Characters of the choice before this text.</param>
    /// <param name="finish">Why it ended, or null.</param>
    public void Choice(Utf8JsonWriter json, int index, string text, IReadOnlyList<CompletionToken>? tokens, int offset, string? finish)
    {
        json.WriteStartObject();
        json.WriteString("text", text);
        json.WriteNumber("index", index);
        if (tokens is null)
        {
            json.WriteNull("logprobs");
        }
        else
        {
            Tokens(json, tokens, offset);
        }

        json.WriteString("finish_reason", finish);
        json.WriteEndObject();
    }

    /// <summary>The end, behind the last choice.</summary>
    public static void End(Utf8JsonWriter json, RunResult? result)
    {
        json.WriteEndArray();
        if (result is not null)
        {
            ChatJson.Usage(json, result);
            ChatJson.Timings(json, result);
        }

        json.WriteEndObject();
    }

    /// <summary>Text of a token.</summary>
    public string TextOf(int token) => tokenizer is null ? "" : Encoding.UTF8.GetString(tokenizer.PieceBytes(token, special: true));

    private void Tokens(Utf8JsonWriter json, IReadOnlyList<CompletionToken> tokens, int offset)
    {
        json.WriteStartObject("logprobs");
        json.WriteStartArray("tokens");
        foreach (CompletionToken token in tokens)
        {
            json.WriteStringValue(TextOf(token.Id));
        }

        json.WriteEndArray();
        json.WriteStartArray("token_logprobs");
        foreach (CompletionToken token in tokens)
        {
            Value(json, token.Found?.Chosen.Value);
        }

        json.WriteEndArray();
        json.WriteStartArray("top_logprobs");
        foreach (CompletionToken token in tokens)
        {
            Top(json, token.Found);
        }

        json.WriteEndArray();
        json.WriteStartArray("text_offset");
        foreach (CompletionToken token in tokens)
        {
            json.WriteNumberValue(offset);
            offset += TextOf(token.Id).Length;
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void Top(Utf8JsonWriter json, TokenLogProbabilities? found)
    {
        if (found is null)
        {
            json.WriteNullValue();
            return;
        }

        HashSet<string> seen = new(StringComparer.Ordinal);
        json.WriteStartObject();
        foreach (LogProbability other in found.Top)
        {
            string text = TextOf(other.Id);
            if (seen.Add(text))
            {
                json.WritePropertyName(text);
                Value(json, other.Value);
            }
        }

        json.WriteEndObject();
    }

    // JSON has no infinity.
    private static void Value(Utf8JsonWriter json, float? value)
    {
        if (value is { } number)
        {
            json.WriteNumberValue(float.IsFinite(number) ? number : -9999);
        }
        else
        {
            json.WriteNullValue();
        }
    }
}

/// <summary>A token of a completion.</summary>
/// <param name="Id">The token.</param>
/// <param name="Found">What the model found of it; null for the first of a prompt.</param>
internal readonly record struct CompletionToken(int Id, TokenLogProbabilities? Found)
{
    /// <summary>A token that was generated.</summary>
    public static CompletionToken Of(TokenLogProbabilities found) => new(found.Chosen.Id, found);
}
