using LayerStream.Models.Architectures;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Building;

/// <summary>Which layers see only the latest keys, and how many, and which are recurrent.</summary>
internal sealed class LayerKinds
{
    private const int MostKeys = 1 << 30;
    private readonly bool[] _isSliding;
    private readonly bool[] _isRecurrent;
    private readonly KeyWindow _window;

    private LayerKinds(bool[] isSliding, KeyWindow window, bool[] isRecurrent) =>
        (_isSliding, _window, _isRecurrent) = (isSliding, window, isRecurrent);

    internal bool IsSliding(int layer) => _isSliding[layer];

    /// <summary>Whether a delta net mixes the tokens instead of attention.</summary>
    internal bool IsRecurrent(int layer) => _isRecurrent[layer];

    internal KeyWindow Window(int layer) => _isSliding[layer] ? _window : default;

    internal static LayerKinds Read(SpecReader reader, Architecture row, int layers)
    {
        bool[] recurrent = row.DeltaNet is null ? new bool[layers] : Recurrent(reader, layers);
        if (row.Sliding is not { } sliding)
        {
            return new LayerKinds(new bool[layers], default, recurrent);
        }

        // Where the file must say which layers slide, their kinds differ in more than the mask, so that a window must be stated.
        int least = sliding.Period == 0 ? 1 : 0;
        int keys = reader.Integer("attention.sliding_window", sliding.DefaultKeys, least, MostKeys);
        return keys == 0
            ? new LayerKinds(new bool[layers], default, recurrent)
            : new LayerKinds(Pattern(reader, sliding, layers), new KeyWindow(keys, sliding.IsPieced), recurrent);
    }

    private static bool[] Recurrent(SpecReader reader, int layers)
    {
        int interval = reader.Integer("full_attention_interval", 4, 1, int.MaxValue);
        return reader.LayerFlags("attention.recurrent_layers", layers)
            ?? [.. Enumerable.Range(0, layers).Select(i => (i + 1) % interval != 0)];
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
