using LayerStream.Models.Decoding;
using LayerStream.Models.Spec;

namespace LayerStream.Planning;

/// <summary>
/// How many pages keys and values have. Layers with a window have a few of their own in each sequence where pages for all layers do not
/// suffice for all contexts; else they lie in those, because such a state can be continued from any token.
/// </summary>
internal sealed class StatePages
{
    private readonly PlanInputs _inputs;
    private readonly WindowLayers _layers;
    private readonly PageLayout? _rest; // pages of the layers without a window; null = nothing may lie apart
    private readonly long _windowBytes; // of a page of the others

    internal StatePages(PlanInputs inputs)
    {
        (_inputs, _layers) = (inputs, new WindowLayers(inputs.Spec));
        if (inputs.MayDropBehindWindows && _layers.Any)
        {
            PageLayout rest = inputs.Pages.Only(inputs.Spec, l => !_layers.Contains(l));
            _windowBytes = inputs.Pages.PageBytes - rest.PageBytes;
            _rest = rest.PageBytes > 0 ? rest : null;
        }
    }

    /// <summary>Pages for all sequences: at least one of them may have a whole context, and all of them may as far as the share of states
    /// goes. And the pages that each of them has of its own for layers with a window.</summary>
    /// <param name="context">Tokens of a whole context.</param>
    /// <param name="rows">Most rows of a pass.</param>
    /// <param name="shareBytes">The share of states.</param>
    internal (int Pages, int WindowPages) Choose(int context, int rows, long shareBytes)
    {
        int one = PageLayout.Pages(context), together = Fitting(one, shareBytes, _inputs.Pages.PageBytes);
        int windows = _rest is null ? one : WindowPages.Count(_layers, rows);
        bool isAmple = together >= (long)one * _inputs.Sequences && Bytes(together, 0) <= shareBytes;
        if (_rest is null || windows >= one || isAmple)
        {
            return (together, 0);
        }

        int apart = Fitting(one, shareBytes - OwnBytes(windows), _rest.PageBytes);
        return apart >= together && Bytes(apart, windows) <= Math.Max(shareBytes, Bytes(together, 0)) ? (apart, windows) : (together, 0);
    }

    /// <summary>Bytes of the pages that <see cref="Choose"/> gave.</summary>
    internal long Bytes(int pages, int windowPages) => windowPages == 0 ? checked(pages * _inputs.Pages.PageBytes)
        : checked((pages * _rest!.PageBytes) + OwnBytes(windowPages));

    /// <summary>Tokens of one context that fit into some bytes.</summary>
    /// <param name="bytes">For keys and values.</param>
    /// <param name="rows">Most rows of a pass.</param>
    internal long Tokens(long bytes, int rows)
    {
        long together = Math.Max(0, bytes) / Math.Max(1, _inputs.Pages.RowBytes);
        return _rest is null ? together
            : Math.Max(together, (bytes - OwnBytes(WindowPages.Count(_layers, rows))) / _rest.RowBytes);
    }

    private long OwnBytes(int windowPages) => checked((long)_inputs.Sequences * windowPages * _windowBytes);

    private int Fitting(int one, long bytes, long pageBytes) =>
        checked((int)Math.Clamp(bytes / Math.Max(1, pageBytes), one, (long)one * _inputs.Sequences));
}
