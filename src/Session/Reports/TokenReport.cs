using System.Text;
using System.Text.Json.Serialization;
using LayerStream.Sampling;
using LayerStream.Tokenization;

namespace LayerStream.Session.Reports;

/// <summary>A token with its log-probability, in the form of the OpenAI API, with its id beside.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Token">Its text; bytes that are no whole character are replaced.</param>
/// <param name="Logprob">Natural logarithm of its probability.</param>
/// <param name="Bytes">Its bytes.</param>
public sealed record TokenReport(int Id, string Token, double Logprob, IReadOnlyList<int> Bytes)
{
    /// <summary>The likeliest tokens in its place; null inside of such a list.</summary>
    [JsonPropertyName("top_logprobs")]
    public IReadOnlyList<TokenReport>? Top { get; init; }

    /// <summary>A token of an answer with its alternatives.</summary>
    public static TokenReport Of(TokenLogProbabilities token, Tokenizer? tokenizer) =>
        Of(token.Chosen, tokenizer) with { Top = [.. token.Top.Select(other => Of(other, tokenizer))] };

    private static TokenReport Of(LogProbability token, Tokenizer? tokenizer)
    {
        ReadOnlySpan<byte> bytes = tokenizer is null ? [] : tokenizer.PieceBytes(token.Id, special: true);
        return new(token.Id, Encoding.UTF8.GetString(bytes), token.Value, [.. bytes.ToArray().Select(b => (int)b)]);
    }
}
