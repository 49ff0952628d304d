using System.Text.Json;
using LayerStream.Actors.Run;
using LayerStream.Sampling;
using LayerStream.Session;
using LayerStream.Tokenization;

namespace LayerStream.Host.Server.Chat;

/// <summary>Bodies of chat replies.</summary>
/// <param name="id">The request's id.</param>
/// <param name="model">The model's name.</param>
/// <param name="created">Unix time of the request, in seconds.</param>
/// <param name="tokenizer">Texts of tokens.</param>
internal sealed class ChatJson(string id, string model, long created, Tokenizer? tokenizer)
{
    /// <summary>The request's id.</summary>
    public string Id => id;

    /// <summary>The beginning of a whole reply, up to the first token's log-probabilities if they are reported.</summary>
    public void BeginReply(Utf8JsonWriter json, bool reportsProbabilities)
    {
        BeginReply(json);
        BeginChoice(json, 0, reportsProbabilities);
    }

    /// <summary>The beginning of a whole reply, up to its first choice.</summary>
    public void BeginReply(Utf8JsonWriter json)
    {
        Begin(json, "chat.completion");
        json.WriteStartArray("choices");
    }

    /// <summary>The beginning of a choice, up to the first token's log-probabilities if they are reported.</summary>
    public static void BeginChoice(Utf8JsonWriter json, int index, bool reportsProbabilities)
    {
        json.WriteStartObject();
        json.WriteNumber("index", index);
        if (reportsProbabilities)
        {
            json.WriteStartObject("logprobs");
            json.WriteStartArray("content");
        }
        else
        {
            json.WriteNull("logprobs");
        }
    }

    /// <summary>Log-probabilities of further tokens of a whole reply.</summary>
    public void ReplyTokens(Utf8JsonWriter json, IReadOnlyList<TokenLogProbabilities> probabilities)
    {
        foreach (TokenLogProbabilities token in probabilities)
        {
            LogProbabilityJson.WriteToken(json, tokenizer, token);
        }
    }

    /// <summary>The rest of a choice.</summary>
    public static void EndChoice(Utf8JsonWriter json, bool reportsProbabilities, GatheredAnswer answer, string reason)
    {
        if (reportsProbabilities)
        {
            json.WriteEndArray();
            json.WriteNull("refusal");
            json.WriteEndObject();
        }

        json.WriteStartObject("message");
        json.WriteString("role", "assistant");
        Message(json, answer);
        json.WriteEndObject();
        json.WriteString("finish_reason", reason);
        json.WriteEndObject();
    }

    /// <summary>The rest of a whole reply, behind its last choice.</summary>
    public static void EndReply(Utf8JsonWriter json, RunResult result)
    {
        json.WriteEndArray();
        Usage(json, result);
        Timings(json, result);
        json.WriteEndObject();
    }

    /// <summary>A piece of a stream.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="choice">Number of the choice.</param>
    /// <param name="withRole">The first piece names the role.</param>
    /// <param name="delta">Writes the members of the delta.</param>
    /// <param name="probabilities">Log-probabilities of the tokens of this piece, or null.</param>
    public void Piece(Utf8JsonWriter json, int choice, bool withRole, Action<Utf8JsonWriter>? delta,
        IReadOnlyList<TokenLogProbabilities>? probabilities)
    {
        Begin(json, "chat.completion.chunk");
        Choice(json, choice, withRole, delta, probabilities, null);
        json.WriteEndObject();
    }

    /// <summary>The last piece of a stream.</summary>
    public void LastPiece(Utf8JsonWriter json, int choice, bool withRole, RunResult ended, string reason)
    {
        Begin(json, "chat.completion.chunk");
        Choice(json, choice, withRole, null, null, reason);
        Timings(json, ended);
        json.WriteEndObject();
    }

    /// <summary>A part of a call in a delta; id and name only in its first.</summary>
    public static void CallDelta(Utf8JsonWriter json, int index, string? id, string? name, string arguments)
    {
        json.WriteStartArray("tool_calls");
        json.WriteStartObject();
        json.WriteNumber("index", index);
        if (id is not null)
        {
            json.WriteString("id", id);
            json.WriteString("type", "function");
        }

        json.WriteStartObject("function");
        if (name is not null)
        {
            json.WriteString("name", name);
        }

        json.WriteString("arguments", arguments);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    /// <summary>How far the prompt has been read.</summary>
    public void Progress(Utf8JsonWriter json, int choice, GenerationEvent progress, double milliseconds)
    {
        Begin(json, "chat.completion.chunk");
        Choice(json, choice, false, null, null, null);
        json.WriteStartObject("prompt_progress");
        json.WriteNumber("total", progress.Total);
        json.WriteNumber("cache", 0);
        json.WriteNumber("processed", progress.Done);
        json.WriteNumber("time_ms", Math.Round(milliseconds, 3));
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>The usage piece of a stream.</summary>
    public void UsagePiece(Utf8JsonWriter json, RunResult result)
    {
        Begin(json, "chat.completion.chunk");
        json.WriteStartArray("choices");
        json.WriteEndArray();
        Usage(json, result);
        json.WriteEndObject();
    }

    private static void Message(Utf8JsonWriter json, GatheredAnswer answer)
    {
        if (answer.Reasoning.Length > 0)
        {
            json.WriteString("reasoning_content", answer.Reasoning);
        }

        json.WriteString("content", answer.Text.Length == 0 && answer.Calls.Count > 0 ? null : answer.Text);
        MessageJson.Calls(json, answer.Calls);
    }

    private void Choice(Utf8JsonWriter json, int choice, bool withRole, Action<Utf8JsonWriter>? delta,
        IReadOnlyList<TokenLogProbabilities>? probabilities, string? finish)
    {
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", choice);
        json.WriteStartObject("delta");
        if (withRole)
        {
            json.WriteString("role", "assistant");
        }

        delta?.Invoke(json);
        json.WriteEndObject();
        LogProbs(json, probabilities);
        json.WriteString("finish_reason", finish);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private void LogProbs(Utf8JsonWriter json, IReadOnlyList<TokenLogProbabilities>? probabilities)
    {
        if (probabilities is null)
        {
            json.WriteNull("logprobs");
            return;
        }

        json.WriteStartObject("logprobs");
        LogProbabilityJson.Write(json, "content", tokenizer, probabilities);
        json.WriteNull("refusal");
        json.WriteEndObject();
    }

    /// <summary>Tokens.</summary>
    internal static void Usage(Utf8JsonWriter json, RunResult result)
    {
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", result.PromptTokens);
        json.WriteNumber("completion_tokens", result.GeneratedTokens);
        json.WriteNumber("total_tokens", result.PromptTokens + result.GeneratedTokens);
        json.WriteStartObject("prompt_tokens_details");
        json.WriteNumber("cached_tokens", result.CachedTokens);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Where the time went.</summary>
    internal static void Timings(Utf8JsonWriter json, RunResult result)
    {
        json.WriteStartObject("timings");
        json.WriteNumber("cache_n", result.CachedTokens);
        json.WriteNumber("prompt_n", result.PromptTokens);
        json.WriteNumber("prompt_ms", Math.Round(result.PromptSeconds * 1000, 3));
        json.WriteNumber("predicted_n", result.GeneratedTokens);
        json.WriteNumber("predicted_ms", Math.Round(result.DecodeSeconds * 1000, 3));
        json.WriteNumber("draft_n", result.DraftedTokens);
        json.WriteNumber("draft_n_accepted", result.AcceptedTokens);
        json.WriteNumber("passes", result.Passes);
        json.WriteNumber("rows_per_pass", Math.Round(result.RowsPerPass, 3));
        json.WriteEndObject();
    }

    private void Begin(Utf8JsonWriter json, string kind)
    {
        json.WriteStartObject();
        json.WriteString("id", id);
        json.WriteString("object", kind);
        json.WriteNumber("created", created);
        json.WriteString("model", model);
    }
}
