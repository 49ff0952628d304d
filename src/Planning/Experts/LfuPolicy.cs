namespace LayerStream.Planning.Experts;

/// <summary>Least frequently used, per layer, always admitting; all counts of a layer are halved every 256 of its touches.</summary>
public sealed class LfuPolicy : IExpertPolicy
{
    private const int HalvingTouches = 256;

    private readonly ExpertResidency _residency;
    private readonly float[] _counts; // [layer, expert]
    private readonly int[] _touches;  // [layer] since the last halving
    private readonly int _experts;

    /// <summary>An empty cache.</summary>
    public LfuPolicy(ExpertCacheShape shape)
    {
        _experts = shape.Experts;
        _counts = new float[shape.Layers * shape.Experts];
        _touches = new int[shape.Layers];
        _residency = new ExpertResidency(shape, _counts, shared: false);
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
        Span<float> counts = _counts.AsSpan(layer * _experts, _experts);
        if (++_touches[layer] == HalvingTouches)
        {
            _touches[layer] = 0;
            foreach (ref float count in counts)
            {
                count /= 2;
            }
        }

        foreach (int expert in experts)
        {
            counts[expert]++;
        }

        return _residency.Touch(layer, experts, hits);
    }

    /// <inheritdoc/>
    public int Admit(int layer, int expert) => _residency.Admit(layer, expert, always: true);

    /// <inheritdoc/>
    public int SlotOf(int layer, int expert) => _residency.SlotOf(layer, expert);

    /// <inheritdoc/>
    public void Drop(int layer, int expert) => _residency.Drop(layer, expert);
}
