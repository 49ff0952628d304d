namespace LayerStream.Planning.Drafts;

/// <summary>Guesses of one kind.</summary>
/// <param name="Kind">Where they came from.</param>
/// <param name="Drafted">Guesses that passes tried.</param>
/// <param name="Accepted">Of them, those that the sampler drew as well.</param>
public readonly record struct DraftCount(DraftKind Kind, long Drafted, long Accepted);
