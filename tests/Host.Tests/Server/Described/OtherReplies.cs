using System.Text.Json;
using System.Text.Json.Serialization;

namespace LayerStream.Host.Tests.Server.Described;

/// <summary>An answer of the Anthropic API.</summary>
internal sealed record MessagesAnswer(string Id, string Type, string Role, string Model, IReadOnlyList<MessagesBlock> Content,
    string? StopReason, string? StopSequence, MessagesUsage Usage);

/// <summary>A part of it: text, thinking or tool_use.</summary>
internal sealed record MessagesBlock(string Type, string? Text = null, string? Thinking = null, string? Signature = null,
    string? Id = null, string? Name = null, Dictionary<string, JsonElement>? Input = null);

/// <summary>Its tokens.</summary>
internal sealed record MessagesUsage(int InputTokens, int CacheCreationInputTokens, int CacheReadInputTokens, int OutputTokens);

/// <summary>Tokens of a request.</summary>
internal sealed record MessagesCount(int InputTokens);

/// <summary>An answer of the responses API.</summary>
internal sealed record ResponseAnswer(string Id, string Object, long CreatedAt, string Status, string Model, bool Store,
    bool ParallelToolCalls, JsonElement ToolChoice, IReadOnlyList<JsonElement> Tools, string? PreviousResponseId, string? Instructions,
    JsonElement Metadata, double Temperature, double TopP, string Truncation, bool Background, ResponseReasoning Reasoning,
    int? MaxOutputTokens, ResponseFailure? Error, ResponseCut? IncompleteDetails,
    IReadOnlyList<JsonElement> Output, ResponseUsage? Usage = null);

/// <summary>How much it was to think.</summary>
internal sealed record ResponseReasoning(string? Effort, string? Summary);

/// <summary>Why there is no whole answer.</summary>
internal sealed record ResponseFailure(string Code, string Message);

/// <summary>What cut it off.</summary>
internal sealed record ResponseCut(string Reason);

/// <summary>Its tokens.</summary>
internal sealed record ResponseUsage(int InputTokens, CachedTokens InputTokensDetails, int OutputTokens,
    ResponseThought OutputTokensDetails, int TotalTokens);

/// <summary>Tokens of the thought.</summary>
internal sealed record ResponseThought(int ReasoningTokens);

/// <summary>A stored response that is forgotten.</summary>
internal sealed record DeletedResponse(string Id, string Object, bool Deleted);

/// <summary>An answer of the Ollama API.</summary>
internal sealed record OllamaChat(string Model, string CreatedAt, OllamaMessage Message, bool Done, string? DoneReason = null,
    long? TotalDuration = null, long? LoadDuration = null, int? PromptEvalCount = null, long? PromptEvalDuration = null,
    int? EvalCount = null, long? EvalDuration = null, IReadOnlyList<ReportedToken>? Logprobs = null);

/// <summary>What the model said.</summary>
internal sealed record OllamaMessage(string Role, string Content, string? Thinking = null, IReadOnlyList<JsonElement>? ToolCalls = null);

/// <summary>The same for one prompt.</summary>
internal sealed record OllamaGenerated(string Model, string CreatedAt, string Response, bool Done, string? Thinking = null,
    string? DoneReason = null, long? TotalDuration = null, long? LoadDuration = null, int? PromptEvalCount = null,
    long? PromptEvalDuration = null, int? EvalCount = null, long? EvalDuration = null, IReadOnlyList<ReportedToken>? Logprobs = null);

/// <summary>Models of the Ollama API.</summary>
internal sealed record OllamaModels(IReadOnlyList<JsonElement> Models);

/// <summary>The version.</summary>
internal sealed record OllamaVersion(string Version);

/// <summary>What is known of a model.</summary>
internal sealed record OllamaModel(string Modelfile, string Parameters, string Template, string ModifiedAt, JsonElement Details,
    JsonElement ModelInfo, IReadOnlyList<string> Capabilities);

/// <summary>Vectors of texts.</summary>
internal sealed record OllamaEmbeddings(string Model, IReadOnlyList<IReadOnlyList<double>> Embeddings, int PromptEvalCount);

/// <summary>The vector of a text.</summary>
internal sealed record OllamaEmbedding(IReadOnlyList<double> Embedding);

/// <summary>What is served, as tools for llama.cpp read it.</summary>
internal sealed record ServedModel(JsonElement DefaultGenerationSettings, int TotalSlots, string ModelAlias, string ModelPath,
    string ModelFtype, JsonElement Modalities, string ChatTemplate, string BosToken, string EosToken, string BuildInfo);

/// <summary>A place for a request, and what is done in it.</summary>
internal sealed record SlotReply(int Id, [property: JsonPropertyName("n_ctx")] int Context, bool IsProcessing, string? State = null,
    [property: JsonPropertyName("n_prompt_tokens")] int? PromptTokens = null,
    [property: JsonPropertyName("n_prompt_tokens_processed")] int? ReadTokens = null,
    [property: JsonPropertyName("n_decoded")] int? DecodedTokens = null, double? Seconds = null);
