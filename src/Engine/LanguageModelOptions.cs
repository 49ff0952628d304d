using LayerStream.Session;

namespace LayerStream.Engine;

/// <summary>Which model to load, and what it may take.</summary>
public sealed record LanguageModelOptions
{
    /// <summary>The GGUF file, or the first of its shards.</summary>
    public required string ModelPath { get; init; }

    /// <summary>Memory for weights, caches and buffers, in bytes; null = 80 % of what is free. What does not fit is read while
    /// computing.</summary>
    public long? MemoryBudgetBytes { get; init; }

    /// <summary>Tokens of context of each answer; 0 = what the model and the budget suggest.</summary>
    public int ContextTokens { get; init; }

    /// <summary>Compute threads; 0 = all cores.</summary>
    public int Threads { get; init; }

    /// <summary>Answers that are computed at the same time; others wait. At least 1.</summary>
    public int Sequences { get; init; } = 1;

    /// <summary>Chat template instead of the model's own: a file, <c>chatml</c>, or the name of one in the model; null = the
    /// model's.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>Whether the managed heap of the whole process is held to its account of the budget, so that the budget is one of the
    /// process. Only for programs that do little else: an allocation beyond the limit fails.</summary>
    public bool LimitsHeap { get; init; }

    internal ModelOptions ToModelOptions() => new()
    {
        ModelPath = ModelPath,
        BudgetBytes = MemoryBudgetBytes,
        Context = ContextTokens,
        Threads = Threads,
        Sequences = Sequences,
        ChatTemplate = ChatTemplate,
        LimitsHeap = LimitsHeap,
        Converses = true,
        Quiet = true,
    };
}
