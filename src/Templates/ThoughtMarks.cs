namespace LayerStream.Templates;

/// <summary>How families mark the thought before an answer.</summary>
/// <param name="Begin">Begins it.</param>
/// <param name="End">Ends it, or begins what comes after it.</param>
/// <param name="Opening">Where a prompt ends so, the answer begins with a thought; null = only where the prompt has begun it.</param>
public sealed record ThoughtMarks(string Begin, string End, string? Opening = null)
{
    /// <summary>The marks, a row for each way.</summary>
    public static IReadOnlyList<ThoughtMarks> All { get; } =
    [
        new("<think>", "</think>"),
        new("<seed:think>", "</seed:think>"),
        new("[THINK]", "[/THINK]"),
        new("<|START_THINKING|>", "<|END_THINKING|>"),
        new("<|channel|>analysis<|message|>", "<|channel|>final<|message|>", "<|start|>assistant"),
    ];
}
