using System.Text.Json;
using System.Text.Json.Serialization;

namespace LayerStream.Host.Tests.Server.Described;

// Bodies that the daemon writes by hand, as records for the description of the API. That replies are of this form is tested by
// RecordedRepliesTests, so that a member that comes or goes is noticed.

/// <summary>What went wrong, in the form of the OpenAI API.</summary>
internal sealed record ErrorReply(ErrorReason Error);

/// <summary>What went wrong.</summary>
/// <param name="Code">For programs.</param>
/// <param name="Param">The member or option that it is about.</param>
/// <param name="Tensor">The weights that could not be read.</param>
/// <param name="Offset">Where in the file.</param>
/// <param name="Errno">Why, as the system has it.</param>
internal sealed record ErrorReason(string Message, string Type, string? Code, string? Param, string? Tensor = null, long? Offset = null,
    int? Errno = null);

/// <summary>What went wrong, in the form of the Ollama API.</summary>
internal sealed record OllamaError(string Error);

/// <summary>What went wrong, in the form of the Anthropic API.</summary>
internal sealed record MessagesError(string Type, MessagesErrorReason Error);

/// <summary>What went wrong.</summary>
internal sealed record MessagesErrorReason(string Type, string Message);

/// <summary>The models.</summary>
internal sealed record ModelList(string Object, IReadOnlyList<ModelReply> Data, bool HasMore, string? FirstId, string? LastId);

/// <summary>A chat answer.</summary>
internal sealed record ChatCompletion(string Id, string Object, long Created, string Model, IReadOnlyList<ChatCompletionChoice> Choices,
    CompletionUsage Usage, CompletionTimings Timings);

/// <summary>One of its choices.</summary>
internal sealed record ChatCompletionChoice(int Index, TokenReport? Logprobs, ChatCompletionMessage Message, string FinishReason);

/// <summary>What the model said, thought and called.</summary>
internal sealed record ChatCompletionMessage(string Role, string? Content, string? ReasoningContent = null,
    IReadOnlyList<CalledFunction>? ToolCalls = null);

/// <summary>A call.</summary>
internal sealed record CalledFunction(string Id, string Type, CalledFunctionArguments Function);

/// <summary>The function called.</summary>
/// <param name="Arguments">JSON as text.</param>
internal sealed record CalledFunctionArguments(string Name, string Arguments);

/// <summary>Tokens of an answer with their log-probabilities.</summary>
internal sealed record TokenReport(IReadOnlyList<ReportedToken> Content, string? Refusal);

/// <summary>A token that was drawn.</summary>
internal sealed record ReportedToken(int Id, string Token, double Logprob, IReadOnlyList<int> Bytes,
    IReadOnlyList<AlternativeToken> TopLogprobs);

/// <summary>A token that might have been drawn.</summary>
internal sealed record AlternativeToken(int Id, string Token, double Logprob, IReadOnlyList<int> Bytes);

/// <summary>Tokens of a request.</summary>
internal sealed record CompletionUsage(int PromptTokens, int CompletionTokens, int TotalTokens, CachedTokens PromptTokensDetails);

/// <summary>Tokens that were in memory already.</summary>
internal sealed record CachedTokens([property: JsonPropertyName("cached_tokens")] int Count);

/// <summary>Times of a request.</summary>
internal sealed record CompletionTimings(int CacheN, int PromptN, double PromptMs, int PredictedN, double PredictedMs, int DraftN,
    int DraftNAccepted, long Passes, double RowsPerPass);

/// <summary>Completions of prompts as they are.</summary>
internal sealed record TextCompletion(string Id, string Object, long Created, string Model, IReadOnlyList<TextCompletionChoice> Choices,
    CompletionUsage? Usage, CompletionTimings? Timings);

/// <summary>One of them.</summary>
internal sealed record TextCompletionChoice(string Text, int Index, TextCompletionTokens? Logprobs, string? FinishReason);

/// <summary>Its tokens.</summary>
internal sealed record TextCompletionTokens(IReadOnlyList<string> Tokens, IReadOnlyList<double?> TokenLogprobs,
    IReadOnlyList<Dictionary<string, double?>?> TopLogprobs, IReadOnlyList<int> TextOffset);

/// <summary>Vectors of texts.</summary>
internal sealed record EmbeddingList(string Object, IReadOnlyList<EmbeddingOfText> Data, string Model, EmbeddingUsage Usage);

/// <summary>The vector of a text: numbers, or base64 of little-endian floats.</summary>
internal sealed record EmbeddingOfText(string Object, int Index, JsonElement Embedding);

/// <summary>Tokens of the texts.</summary>
internal sealed record EmbeddingUsage(int PromptTokens, int TotalTokens);

/// <summary>Ids of a text, or objects of <c>id</c> and <c>piece</c>.</summary>
internal sealed record TokenList(IReadOnlyList<JsonElement> Tokens);

/// <summary>The text of tokens.</summary>
internal sealed record TokenText(string Content);

/// <summary>The prompt of a chat request.</summary>
internal sealed record PromptText(string Prompt);
