namespace LayerStream.Planning.Experts;

/// <summary>Who sits in which slot, and the lowest-valued resident of a layer or of all. Values belong to the policy.</summary>
internal sealed class ExpertResidency
{
    private const int None = -1;
    private const int Stale = -2;

    private readonly int _layers;
    private readonly int _experts;
    private readonly float[] _values;
    private readonly int[] _slotOf;     // [layer, expert] → slot or None
    private readonly int[] _free;       // [pool, ...] stack of free slots
    private readonly int[] _freeBegin;  // [pool] begin of its stack
    private readonly int[] _freeCount;
    private readonly int[] _lowest;     // [layer] expert of least value that may go, None, or Stale
    private readonly long[] _touched;   // [layer, expert] touch it was last routed in
    private readonly bool _shared;
    private long _touch;
    private int _layer;

    /// <param name="shape">Sizes.</param>
    /// <param name="values">[layer, expert] value of keeping it; changes only in a layer being touched.</param>
    /// <param name="shared">Whether a layer may take another layer's slot.</param>
    internal ExpertResidency(ExpertCacheShape shape, float[] values, bool shared)
    {
        (_layers, _experts, _values, _shared) = (shape.Layers, shape.Experts, values, shared);
        _slotOf = new int[_layers * _experts];
        _touched = new long[_slotOf.Length];
        _lowest = new int[_layers];
        Array.Fill(_slotOf, None);
        Array.Fill(_lowest, None);
        Slots = shape.SlotsPerLayer.Sum();
        int pools = shared ? 1 : _layers;
        (_free, _freeBegin, _freeCount) = (new int[Slots], new int[pools], new int[pools]);
        for (int pool = 0, begin = 0; pool < pools; pool++)
        {
            int count = shared ? Slots : shape.SlotsPerLayer[pool];
            (_freeBegin[pool], _freeCount[pool]) = (begin, count);
            for (int i = 0; i < count; i++)
            {
                _free[begin + i] = begin + count - 1 - i; // the lowest slot is taken first
            }

            begin += count;
        }
    }

    internal int Slots { get; }

    internal int SlotOf(int layer, int expert) => _slotOf[(layer * _experts) + expert];

    /// <summary>Protects the experts and counts the hits.</summary>
    internal int Touch(int layer, ReadOnlySpan<int> experts, Span<bool> hits)
    {
        _touch++;
        _lowest[_layer] = Stale; // what was protected there may go now
        (_layer, _lowest[layer]) = (layer, Stale);
        int count = 0;
        for (int i = 0; i < experts.Length; i++)
        {
            int key = (layer * _experts) + experts[i];
            _touched[key] = _touch;
            hits[i] = _slotOf[key] != None;
            count += hits[i] ? 1 : 0;
        }

        return count;
    }

    /// <summary>A free slot, or that of the least valued resident when <paramref name="always"/> or when it is worth less than the
    /// newcomer; else -1.</summary>
    internal int Admit(int layer, int expert, bool always)
    {
        int key = (layer * _experts) + expert;
        if (_slotOf[key] != None)
        {
            return _slotOf[key];
        }

        int pool = _shared ? 0 : layer;
        int slot;
        if (_freeCount[pool] > 0)
        {
            slot = _free[_freeBegin[pool] + --_freeCount[pool]];
        }
        else
        {
            int from = _shared ? LayerOfLowest() : layer;
            int victim = from == None ? None : Lowest(from);
            if (victim == None || (!always && _values[(from * _experts) + victim] >= _values[key]))
            {
                return None;
            }

            int left = (from * _experts) + victim;
            slot = _slotOf[left];
            _slotOf[left] = None;
            _lowest[from] = Stale;
        }

        _slotOf[key] = slot;
        _lowest[layer] = Stale;
        return slot;
    }

    internal void Drop(int layer, int expert)
    {
        int key = (layer * _experts) + expert;
        if (_slotOf[key] != None)
        {
            int pool = _shared ? 0 : layer;
            _free[_freeBegin[pool] + _freeCount[pool]++] = _slotOf[key];
            _slotOf[key] = None;
            _lowest[layer] = Stale;
        }
    }

    private int LayerOfLowest()
    {
        int best = None;
        float least = float.PositiveInfinity;
        for (int layer = 0; layer < _layers; layer++)
        {
            int expert = Lowest(layer);
            if (expert != None && (best == None || _values[(layer * _experts) + expert] < least))
            {
                (best, least) = (layer, _values[(layer * _experts) + expert]);
            }
        }

        return best;
    }

    private int Lowest(int layer)
    {
        if (_lowest[layer] != Stale)
        {
            return _lowest[layer];
        }

        int best = None;
        int begin = layer * _experts;
        for (int e = 0; e < _experts; e++)
        {
            // Only the layer touched last has experts in use.
            bool mayGo = _slotOf[begin + e] != None && (layer != _layer || _touched[begin + e] != _touch);
            if (mayGo && (best == None || _values[begin + e] < _values[begin + best]))
            {
                best = e;
            }
        }

        return _lowest[layer] = best;
    }
}
