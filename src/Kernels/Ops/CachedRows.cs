namespace LayerStream.Kernels.Ops;

/// <summary>Keys or values as the cache holds them: of one KV head, or of all side by side.</summary>
/// <param name="Address">The row of absolute key 0.</param>
/// <param name="StrideBytes">From one key's row to the next one's.</param>
/// <param name="Elements">Elements of a row, at most 4096 for attention.</param>
/// <param name="Type">Their type.</param>
public readonly record struct CachedRows(nint Address, long StrideBytes, int Elements, KvType Type)
{
    /// <summary>Bytes of an element.</summary>
    public int ElementBytes => Type == KvType.F16 ? 2 : 4;

    /// <summary>Address of an element.</summary>
    public nint At(long row, long element) => Address + (nint)((row * StrideBytes) + (element * ElementBytes));

    /// <summary>One of several heads of <paramref name="elements"/> side by side.</summary>
    public CachedRows Head(int head, int elements) => this with { Address = At(0, (long)head * elements), Elements = elements };
}
