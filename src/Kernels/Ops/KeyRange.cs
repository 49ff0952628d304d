namespace LayerStream.Kernels.Ops;

/// <summary>The keys a query sees.</summary>
/// <param name="First">The first one, absolute.</param>
/// <param name="Count">How many; 0 gives zeros.</param>
public readonly record struct KeyRange(int First, int Count)
{
    /// <summary>The key behind the last one.</summary>
    public int End => First + Count;
}
