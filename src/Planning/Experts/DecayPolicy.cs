namespace LayerStream.Planning.Experts;

/// <summary>
/// Keeps the experts of the highest exponentially decayed use, and admits only what is worth more than the least valued resident, so that
/// a cache of any size earns its fraction. Three rates: what the last tokens, the last sentence and the whole text use.
/// </summary>
public sealed class DecayPolicy : IExpertPolicy
{
    private readonly ExpertResidency _residency;
    private readonly UseHistory _uses;
    private readonly float[] _values;
    private readonly int _experts;

    /// <summary>An empty cache.</summary>
    public DecayPolicy(ExpertCacheShape shape, bool shared)
    {
        _experts = shape.Experts;
        _values = new float[shape.Layers * shape.Experts];
        _uses = new UseHistory(shape.Layers, shape.Experts);
        _residency = new ExpertResidency(shape, _values, shared);
    }

    /// <inheritdoc/>
    public int Slots => _residency.Slots;

    /// <inheritdoc/>
    public void Begin()
    {
    }

    /// <inheritdoc/>
    public int Touch(int layer, ReadOnlySpan<int> experts, ReadOnlySpan<float> weights, Span<bool> hits)
    {
        _uses.Touch(layer, experts, _values.AsSpan(layer * _experts, _experts));
        return _residency.Touch(layer, experts, hits);
    }

    /// <inheritdoc/>
    public int Admit(int layer, int expert) => _residency.Admit(layer, expert, always: false);

    /// <inheritdoc/>
    public int SlotOf(int layer, int expert) => _residency.SlotOf(layer, expert);

    /// <inheritdoc/>
    public void Drop(int layer, int expert) => _residency.Drop(layer, expert);
}
