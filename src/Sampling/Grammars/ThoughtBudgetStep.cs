namespace LayerStream.Sampling.Grammars;

/// <summary>
/// Closes a thought that has reached its budget: from then on the tokens that close it are the only ones left, one after the other. It
/// follows the history by itself, also where tokens went away again. For one sequence.
/// </summary>
public sealed class ThoughtBudgetStep(ThoughtBudget budget, TokenTexts texts) : ISamplerStep
{
    private readonly List<Place> _places = [];
    private int _begin = -1;

    /// <inheritdoc/>
    public string Name => "thought_budget";

    // Tokens of the thought so far; null = there is none, or it has ended.
    private Place Current => _places.Count > 0 ? _places[^1] : new Place(-1, budget.Thought.IsOpen ? 0 : null, []);

    /// <inheritdoc/>
    public void Apply(SamplerContext context)
    {
        Follow(context.History);
        Span<float> logits = context.Logits;
        if (_places.Count == 0 && !budget.Thought.IsOpen && budget.Tokens == 0)
        {
            context.Mask(budget.Thought.BeginToken);
        }

        if (Current.Count - budget.Tokens is { } at and >= 0 && at < budget.Closing.Count)
        {
            float kept = logits[budget.Closing[at]];
            logits.Fill(float.NegativeInfinity);
            logits[budget.Closing[at]] = float.IsFinite(kept) ? kept : 0;
        }
    }

    private void Follow(IReadOnlyList<int> history)
    {
        _begin = _begin < 0 ? history.Count : _begin;
        int length = history.Count - _begin;
        while (_places.Count > 0 && (_places.Count > length || _places[^1].Token != history[_begin + _places.Count - 1]))
        {
            _places.RemoveAt(_places.Count - 1);
        }

        while (_places.Count < length)
        {
            _places.Add(Advance(Current, history[_begin + _places.Count]));
        }
    }

    private Place Advance(Place place, int token)
    {
        if (_places.Count == 0 && !budget.Thought.IsOpen && token == budget.Thought.BeginToken)
        {
            return new Place(token, 0, []);
        }

        if (place.Count is not { } count)
        {
            return new Place(token, null, []);
        }

        byte[] end = budget.Thought.End, tail = [.. place.Tail, .. texts.TextOf(token)];
        return tail.AsSpan().IndexOf(end) >= 0 ? new Place(token, null, [])
            : new Place(token, count + 1, tail.Length < end.Length ? tail : tail[^(end.Length - 1)..]);
    }

    private sealed record Place(int Token, int? Count, byte[] Tail);
}
