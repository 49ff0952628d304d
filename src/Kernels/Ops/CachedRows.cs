namespace LayerStream.Kernels.Ops;

/// <summary>Keys or values of one KV head as the cache holds them.</summary>
/// <param name="Address">The row of absolute key 0.</param>
/// <param name="StrideBytes">From one key's row to the next one's.</param>
/// <param name="Elements">Elements of a row, at most 4096.</param>
/// <param name="Type">Their type.</param>
public readonly record struct CachedRows(nint Address, long StrideBytes, int Elements, KvType Type);
