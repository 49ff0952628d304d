namespace LayerStream.Models;

/// <summary>Which layers see only the latest keys, and how many.</summary>
internal sealed class LayerKinds
{
    private const int MostKeys = 1 << 30;
    private readonly bool[] _isSliding;
    private readonly KeyWindow _window;

    private LayerKinds(bool[] isSliding, KeyWindow window) => (_isSliding, _window) = (isSliding, window);

    internal bool IsSliding(int layer) => _isSliding[layer];

    internal KeyWindow Window(int layer) => _isSliding[layer] ? _window : default;

    internal static LayerKinds Read(SpecReader reader, Architecture row, int layers)
    {
        if (row.Sliding is not { } sliding)
        {
            return new LayerKinds(new bool[layers], default);
        }

        // Where sliding layers rotate by another base, the kinds matter even without a mask, so that a window must be stated.
        int least = sliding.Theta is null ? 0 : 1;
        int keys = reader.Integer("attention.sliding_window", sliding.DefaultKeys, least, MostKeys);
        return keys == 0 ? new LayerKinds(new bool[layers], default) : new LayerKinds(Pattern(reader, sliding, layers), new KeyWindow(keys, sliding.IsPieced));
    }

    private static bool[] Pattern(SpecReader reader, SlidingLayers sliding, int layers)
    {
        const string Name = "attention.sliding_window_pattern";
        if (reader.LayerFlags(Name, layers) is { } flags)
        {
            return flags;
        }

        int period = reader.Integer(Name, sliding.Period, 1, int.MaxValue);
        return [.. Enumerable.Range(0, layers).Select(i => i % period < period - 1)];
    }
}
