namespace LayerStream.Kernels;

/// <summary>The rows, heads or channels [Begin, End) of a call.</summary>
public readonly record struct IndexRange(int Begin, int End);
