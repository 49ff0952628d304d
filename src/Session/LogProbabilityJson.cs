using System.Text;
using System.Text.Json;
using LayerStream.Sampling;
using LayerStream.Tokenization;

namespace LayerStream.Session;

/// <summary>Log-probabilities in the form of the OpenAI API, with the token's id beside.</summary>
public static class LogProbabilityJson
{
    /// <summary>Writes an array with an object per token.</summary>
    public static void Write(Utf8JsonWriter json, string name, Tokenizer? tokenizer, IEnumerable<TokenLogProbabilities> tokens)
    {
        json.WriteStartArray(name);
        foreach (TokenLogProbabilities token in tokens)
        {
            WriteToken(json, tokenizer, token);
        }

        json.WriteEndArray();
    }

    /// <summary>Writes the object of one token.</summary>
    public static void WriteToken(Utf8JsonWriter json, Tokenizer? tokenizer, TokenLogProbabilities token)
    {
        json.WriteStartObject();
        WriteOne(json, tokenizer, token.Chosen);
        json.WriteStartArray("top_logprobs");
        foreach (LogProbability other in token.Top)
        {
            json.WriteStartObject();
            WriteOne(json, tokenizer, other);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteOne(Utf8JsonWriter json, Tokenizer? tokenizer, LogProbability token)
    {
        ReadOnlySpan<byte> bytes = tokenizer is null ? [] : tokenizer.PieceBytes(token.Id, special: true);
        json.WriteNumber("id", token.Id);
        json.WriteString("token", Encoding.UTF8.GetString(bytes));
        json.WriteNumber("logprob", token.Value);
        json.WriteStartArray("bytes");
        foreach (byte b in bytes)
        {
            json.WriteNumberValue(b);
        }

        json.WriteEndArray();
    }
}
