using LayerStream.Models.Spec;

namespace LayerStream.Models.Building;

/// <summary>Reads <see cref="DenseFfnSpec"/> off a layer.</summary>
internal static class DenseFfnBuilder
{
    internal const int MostWidth = 1 << 22; // a batch of rows stays countable in 32 bits

    /// <param name="suffix">Of the tensors' names: none, or that of shared experts.</param>
    internal static DenseFfnSpec? Build(LayerSite site, string suffix = "")
    {
        bool separate = site.Reader.Has($"{site.Prefix}ffn_gate{suffix}.weight");
        WeightMatrix? gate = separate ? site.Matrix("ffn_gate" + suffix, site.Width, 0) : null;
        WeightMatrix? up = site.Matrix("ffn_up" + suffix, site.Width, gate?.Rows ?? 0);
        if (up is null)
        {
            return null;
        }

        int width = separate ? up.Rows : up.Rows / 2;
        if (width is < 1 or > MostWidth || (!separate && up.Rows % 2 != 0))
        {
            throw site.Reader.Bad($"tensor {up.Tensor.Name} has {up.Rows} rows, which "
                + $"{(separate ? "are out of range" : "do not halve into gate and up")}", up.Tensor.Extent.Offset);
        }

        WeightMatrix? down = site.Matrix("ffn_down" + suffix, width, site.Width);
        return down is null ? null : new DenseFfnSpec
        {
            Gate = gate,
            Up = up,
            Down = down,
            Width = width,
            Activation = site.Row.Activation
        };
    }
}
