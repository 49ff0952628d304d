using LayerStream.Memory;

namespace LayerStream.Session;

/// <summary>The managed heap cannot be held to its account of the budget: more is in use already.</summary>
/// <param name="limitBytes">The account.</param>
/// <param name="committedBytes">What the heap has committed.</param>
public sealed class HeapLimitException(long limitBytes, long committedBytes) : Exception(
    $"the managed heap holds {ByteSize.Format(committedBytes)} already, its account of the budget is {ByteSize.Format(limitBytes)}")
{
    /// <summary>Bytes of the account.</summary>
    public long LimitBytes { get; } = limitBytes;

    /// <summary>Bytes committed.</summary>
    public long CommittedBytes { get; } = committedBytes;
}
