namespace LayerStream.Templates.Answers;

/// <summary>How a family marks the thought before an answer.</summary>
/// <param name="Open">In front of it.</param>
/// <param name="Close">Behind it.</param>
public sealed record ThoughtMarks(string Open, string Close)
{
    /// <summary>Those of most families.</summary>
    public static ThoughtMarks Usual { get; } = new("<think>", "</think>");

    /// <summary>What the model writes in front of the answer's text, with or without a thought before; null = nothing.</summary>
    public string? AnswerOpen { get; init; }

    /// <summary>Where a prompt ends so, the answer begins with a thought or with <see cref="AnswerOpen"/>; null = only where the prompt has
    /// opened the thought.</summary>
    public string? PromptEnd { get; init; }
}
