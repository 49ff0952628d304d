namespace LayerStream.Planning.Drafts;

/// <summary>Draws of a sequence ahead of time: a model that guesses draws from its own logits what the sequence would draw from them, with
/// the same random numbers, so that the two agree more often.</summary>
/// <param name="Begin">The next draw is that of the sequence's next token.</param>
/// <param name="Draw">Logits and history to an id, each call that of one token further; may change the logits.</param>
public sealed record DraftDraws(Action Begin, Func<Span<float>, IReadOnlyList<int>, int> Draw);
