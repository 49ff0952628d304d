using LayerStream.Formats.Routes;
using LayerStream.Planning.Drafts;

namespace LayerStream.Actors.Run;

/// <summary>One generation: a prompt of ids, a rule that picks tokens, a listener that sees them.</summary>
public sealed record RunRequest
{
    /// <summary>Token ids of the prompt; at least one.</summary>
    public required IReadOnlyList<int> Prompt { get; init; }

    /// <summary>Most tokens to generate; the context bounds it further.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>Logits and history (prompt and generated ids) to the next id; called on the compute thread, may change the
    /// logits.</summary>
    public required Func<Span<float>, IReadOnlyList<int>, int> Sample { get; init; }

    /// <summary>
    /// Who asks. What a sequence leaves in memory serves later ones of the same scope, as far as their prompts begin alike; null = nothing
    /// is kept or used. The ids are the same with and without.
    /// </summary>
    public string? ReuseScope { get; init; }

    /// <summary>Whether it gives way: it is seated behind all others that wait, and prompts of others are read first.</summary>
    public bool IsBackground { get; init; }

    /// <summary>Guesses how the sequence goes on, beside those who do by the engine's options, which also say whether it must pay; or
    /// null. The ids are the same with and without.</summary>
    public IDrafter? Drafter { get; init; }

    /// <summary>How a draft model draws its guesses; null = it guesses the likeliest tokens.</summary>
    public DraftDraws? DraftDraws { get; init; }

    /// <summary>Sees each generated id on the compute thread; true ends the run.</summary>
    public required Func<int, bool> OnToken { get; init; }

    /// <summary>Prompt tokens done and in all, after each prompt pass.</summary>
    public Action<int, int>? OnPrompt { get; init; }

    /// <summary>When the request came, in Stopwatch ticks; 0 = when it is handed to the engine.</summary>
    public long AcceptedTicks { get; init; }

    /// <summary>Receives the routing of every token of a model with experts, or null.</summary>
    public RouteTraceWriter? Routes { get; init; }

    /// <summary>Finish reason to report when <see cref="OnToken"/> ended the run.</summary>
    public string FinishReasonOnStop { get; init; } = "stop";
}
