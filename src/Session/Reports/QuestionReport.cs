using System.Text.Json;
using LayerStream.Session.Scoring;

namespace LayerStream.Session.Reports;

/// <summary>A scored question, or why it was not.</summary>
public sealed record QuestionReport
{
    /// <summary>The question's own name, as it was given.</summary>
    public JsonElement? Id { get; init; }

    /// <summary>The likeliest answer.</summary>
    public string? Answer { get; init; }

    /// <summary>All answers, in the order given.</summary>
    public IReadOnlyList<ChoiceReport>? Choices { get; init; }

    public int? PromptTokens { get; init; }

    /// <summary>Of them, those that other questions had read already.</summary>
    public int? CachedTokens { get; init; }

    /// <summary>What is wrong with the question; then there is nothing else.</summary>
    public string? Error { get; init; }

    /// <summary>Of a question and its score.</summary>
    public static QuestionReport Of(JsonElement? id, Question question, QuestionScore score) => new()
    {
        Id = id,
        Answer = question.Choices[score.Best],
        Choices = [.. question.Choices.Select((c, i) => new ChoiceReport(c, score.Probabilities[i], score.LogProbabilities[i]))],
        PromptTokens = question.Prompt.Count,
        CachedTokens = score.CachedTokens,
    };
}

/// <summary>An answer of a closed question.</summary>
/// <param name="Text">The answer.</param>
/// <param name="Probability">Among the answers.</param>
/// <param name="Logprob">Natural logarithm of the probability of its first token, among all tokens.</param>
public sealed record ChoiceReport(string Text, double Probability, double Logprob);
