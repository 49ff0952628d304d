namespace LayerStream.Planning.Experts;

/// <summary>
/// Keeps the experts most likely needed next: their own past (<see cref="UseHistory"/>) and what followed earlier tokens that were routed
/// like this one (<see cref="SimilarTokens"/>). Admits only what is worth more than the least valued resident.
/// </summary>
public sealed class ForecastPolicy : IExpertPolicy
{
    private readonly ExpertResidency _residency;
    private readonly UseHistory _uses;
    private readonly SimilarTokens _similar;
    private readonly float[] _values;
    private readonly int _experts;

    /// <summary>An empty cache.</summary>
    public ForecastPolicy(ExpertCacheShape shape, bool shared)
    {
        _experts = shape.Experts;
        _values = new float[shape.Layers * shape.Experts];
        _uses = new UseHistory(shape.Layers, shape.Experts);
        _similar = new SimilarTokens(shape.Layers, shape.Experts, shape.Routed);
        _residency = new ExpertResidency(shape, _values, shared);
    }

    /// <inheritdoc/>
    public int Slots => _residency.Slots;

    /// <inheritdoc/>
    public void Begin() => _similar.Begin();

    /// <inheritdoc/>
    public int Touch(int layer, ReadOnlySpan<int> experts, ReadOnlySpan<float> weights, Span<bool> hits)
    {
        Span<float> values = _values.AsSpan(layer * _experts, _experts);
        _uses.Touch(layer, experts, values);
        _similar.Touch(layer, experts, values);
        return _residency.Touch(layer, experts, hits);
    }

    /// <inheritdoc/>
    public int Admit(int layer, int expert) => _residency.Admit(layer, expert, always: false);

    /// <inheritdoc/>
    public int SlotOf(int layer, int expert) => _residency.SlotOf(layer, expert);

    /// <inheritdoc/>
    public void Drop(int layer, int expert) => _residency.Drop(layer, expert);
}
