namespace LayerStream.Models.Spec;

/// <summary>The layers whose keys and values nobody sees but through windows, so that those behind all windows are not needed any
/// more.</summary>
public sealed class WindowLayers
{
    private readonly bool[] _contains;
    private readonly KeyWindow[] _windows; // those that differ

    /// <param name="spec">The model.</param>
    public WindowLayers(ModelSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        _contains = [.. spec.Layers.Select(l => l.Mixer is AttentionSpec { KvSource: null, Window.Keys: > 0 })];
        foreach (LayerSpec layer in spec.Layers)
        {
            if (layer.Mixer is AttentionSpec { KvSource: { } source, Window.Keys: 0 })
            {
                _contains[source] = false;
            }
        }

        _windows = [.. spec.Layers.Select(l => l.Mixer).OfType<AttentionSpec>().Select(a => a.Window).Where(w => w.Keys > 0).Distinct()];
    }

    /// <summary>Whether there are any.</summary>
    public bool Any => _contains.Contains(true);

    /// <summary>Whether the keys and values that a layer keeps are seen through windows only.</summary>
    public bool Contains(int layer) => _contains[layer];

    /// <summary>The first key that any window still shows at a position.</summary>
    public int FirstKey(int position)
    {
        int first = position;
        foreach (KeyWindow window in _windows)
        {
            first = Math.Min(first, window.FirstKey(position));
        }

        return first;
    }

    /// <summary>The least position from which on no key in front of <paramref name="key"/> is seen.</summary>
    public int FirstPosition(int key) => _windows.Max(w => w.FirstPosition(key));

    /// <summary>Most keys that some tokens in a row see, their own included.</summary>
    public int MostKeys(int tokens) => checked(_windows.Max(w => w.Keys) - 1 + tokens);
}
