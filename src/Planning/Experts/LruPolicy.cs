namespace LayerStream.Planning.Experts;

/// <summary>
/// Least recently used, per layer, always admitting. Below K slots it hits next to nothing: a token's later experts displace its earlier
/// ones. The baseline that others are measured against.
/// </summary>
public sealed class LruPolicy : IExpertPolicy
{
    private readonly ExpertResidency _residency;
    private readonly float[] _stamps; // [layer, expert] touches of the layer, exact up to 2^24; rebased before
    private readonly float[] _clocks; // [layer]
    private readonly int _experts;

    /// <summary>An empty cache.</summary>
    public LruPolicy(ExpertCacheShape shape)
    {
        _experts = shape.Experts;
        _stamps = new float[shape.Layers * shape.Experts];
        _clocks = new float[shape.Layers];
        _residency = new ExpertResidency(shape, _stamps, shared: false);
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
        if (_clocks[layer] + experts.Length > 1 << 23)
        {
            Rebase(layer);
        }

        foreach (int expert in experts)
        {
            _stamps[(layer * _experts) + expert] = ++_clocks[layer];
        }

        return _residency.Touch(layer, experts, hits);
    }

    /// <inheritdoc/>
    public int Admit(int layer, int expert) => _residency.Admit(layer, expert, always: true);

    /// <inheritdoc/>
    public int SlotOf(int layer, int expert) => _residency.SlotOf(layer, expert);

    /// <inheritdoc/>
    public void Drop(int layer, int expert) => _residency.Drop(layer, expert);

    private void Rebase(int layer)
    {
        // Half the range is kept, older stamps become equal: far older than any a cache can tell apart.
        const float Half = 1 << 22;
        foreach (ref float stamp in _stamps.AsSpan(layer * _experts, _experts))
        {
            stamp = Math.Max(0, stamp - Half);
        }

        _clocks[layer] -= Half;
    }
}
