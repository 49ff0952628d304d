namespace LayerStream.Sampling.Grammars;

/// <summary>How long a thought may be.</summary>
/// <param name="Thought">Where it begins and ends.</param>
/// <param name="Tokens">Tokens it may have; 0 = a thought that has not begun does not begin.</param>
/// <param name="Closing">Tokens that close it and open the answer.</param>
public sealed record ThoughtBudget(AnswerThought Thought, int Tokens, IReadOnlyList<int> Closing);
