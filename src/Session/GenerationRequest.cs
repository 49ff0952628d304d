using LayerStream.Actors.Run;
using LayerStream.Formats.Routes;
using LayerStream.Sampling;
using LayerStream.Sampling.Grammars;

namespace LayerStream.Session;

/// <summary>What to generate, and how it ends.</summary>
public sealed record GenerationRequest
{
    /// <summary>Token ids to continue; at least one.</summary>
    public required IReadOnlyList<int> Prompt { get; init; }

    /// <summary>Most tokens to generate; the context bounds it further.</summary>
    public int MaxTokens { get; init; } = int.MaxValue;

    /// <summary>How tokens are drawn.</summary>
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>Texts that end the answer; none is empty.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>Whether the model's end tokens do not count.</summary>
    public bool IgnoreEos { get; init; }

    /// <summary>What the answer must be a text of, or null. For this request only.</summary>
    public Grammar? Grammar { get; init; }

    /// <summary>The thought before the answer, which the grammar leaves alone; null = there is none.</summary>
    public AnswerThought? Thought { get; init; }

    /// <summary>How long the thought may be; null = as long as the answer.</summary>
    public ThoughtBudget? ThoughtBudget { get; init; }

    /// <summary>Whether an event tells of every pass over the prompt.</summary>
    public bool ReportsPrompt { get; init; }

    /// <summary>Control tokens whose texts belong to the answer, such as the marks of tool calls; null = none.</summary>
    public IReadOnlySet<int>? VisibleTokens { get; init; }

    /// <summary>See <see cref="RunRequest.ReuseScope"/>.</summary>
    public string? ReuseScope { get; init; }

    /// <summary>See <see cref="RunRequest.IsBackground"/>.</summary>
    public bool IsBackground { get; init; }

    /// <summary>Receives the routing of every token of a model with experts, or null.</summary>
    public RouteTraceWriter? Routes { get; init; }
}
