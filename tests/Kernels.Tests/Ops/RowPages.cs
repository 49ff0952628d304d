using LayerStream.Kernels.Ops;

namespace LayerStream.Kernels.Tests;

/// <summary>Pages of rows that follow each other in memory.</summary>
internal static class RowPages
{
    /// <summary>Address of each page.</summary>
    internal static nint[] Of(nint address, long strideBytes, int rows) =>
    [
        .. Enumerable.Range(0, (rows + Attention.BlockKeys - 1) / Attention.BlockKeys)
            .Select(page => address + (nint)(page * Attention.BlockKeys * strideBytes)),
    ];
}
