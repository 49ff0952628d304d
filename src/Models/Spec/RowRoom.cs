using LayerStream.Kernels.Quants;
using LayerStream.Kernels.Quants.Activations;

namespace LayerStream.Models.Spec;

/// <summary>Room of a row of activations, in floats: what plans and buffers are both made from.</summary>
internal static class RowRoom
{
    private const int CacheLineFloats = 16;

    private static readonly ActivationLayout[] s_layouts = Enum.GetValues<ActivationLayout>();

    /// <summary>Floats rounded up to whole cache lines of 64 bytes.</summary>
    internal static long CacheLines(long floats) => (floats + CacheLineFloats - 1) / CacheLineFloats * CacheLineFloats;

    /// <summary>Floats of a row of so many columns prepared for a product, whatever the layout.</summary>
    internal static long Prepared(int columns)
    {
        long bytes = 0;
        foreach (ActivationLayout layout in s_layouts)
        {
            bytes = Math.Max(bytes, MatMul.RowBytes(layout, checked(columns + 255) / 256 * 256));
        }

        return CacheLines((bytes + 3) / 4);
    }

    /// <summary>Columns of an ordinary product whose prepared row is no shorter than so many prepared heads.</summary>
    internal static int HeadColumns(int heads, int columns)
    {
        long bytes = s_layouts.Max(layout => MatMul.RowBytes(layout, columns));
        return checked(heads * (int)((bytes + 255) / 256 * 64));
    }
}
