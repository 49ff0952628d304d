using System.Text.Json;
using LayerStream.Sampling;

namespace LayerStream.Engine;

/// <summary>What is asked, and how the answer is to be.</summary>
public sealed record AnswerRequest
{
    /// <summary>The conversation; at least one message.</summary>
    public required IReadOnlyList<ChatTurn> Turns { get; init; }

    /// <summary>Most tokens of the answer; the context bounds it further.</summary>
    public int MaxTokens { get; init; } = int.MaxValue;

    /// <summary>How tokens are drawn; null = as the model's file recommends.</summary>
    public SamplingOptions? Sampling { get; init; }

    /// <summary>Texts that end the answer.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>Tools that may be called.</summary>
    public IReadOnlyList<Tool> Tools { get; init; } = [];

    /// <summary>Whether the answer is a call.</summary>
    public ToolDemand ToolDemand { get; init; }

    /// <summary>With <see cref="ToolDemand.Required"/>: the tool to call; null = any.</summary>
    public string? DemandedTool { get; init; }

    /// <summary>A JSON Schema that the answer's text meets; null = any text.</summary>
    public JsonElement? JsonSchema { get; init; }

    /// <summary>Whether the model thinks first, where its template knows a switch; null = as the template says.</summary>
    public bool? Thinks { get; init; }

    /// <summary>Further variables of the chat template.</summary>
    public IReadOnlyDictionary<string, JsonElement> TemplateVariables { get; init; } = new Dictionary<string, JsonElement>();
}
