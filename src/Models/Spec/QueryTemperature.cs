using LayerStream.Kernels.Ops;

namespace LayerStream.Models.Spec;

/// <summary>A factor on queries that grows with the position: 1 + Beta·ln(1 + ⌊(position + Offset)/Period⌋).</summary>
/// <param name="Period">In tokens, positive.</param>
public readonly record struct QueryTemperature(double Beta, int Period, int Offset = 0)
{
    /// <summary>The factor at a 0-based position.</summary>
    public float At(int position) => (float)(1 + (Beta * Elementary.Log(1 + (((long)position + Offset) / Period))));
}
