namespace LayerStream.Kernels.Ops;

/// <summary>Keys or values as the cache holds them: of one KV head, or of all side by side. They lie in pages of
/// <see cref="Attention.BlockKeys"/> rows, which may be anywhere.</summary>
/// <param name="Pages">Address of each page.</param>
/// <param name="Offset">From there to the page's first row, in bytes.</param>
/// <param name="StrideBytes">From one key's row to the next one's.</param>
/// <param name="Elements">Elements of a row, at most 4096 for attention.</param>
/// <param name="Type">Their type.</param>
public readonly record struct CachedRows(nint[] Pages, long Offset, long StrideBytes, int Elements, KvType Type)
{
    /// <summary>Bytes of an element.</summary>
    public int ElementBytes => Type == KvType.F16 ? 2 : 4;

    /// <summary>Address of an element.</summary>
    public nint At(int row, long element) =>
        Page(row) + (nint)((row % Attention.BlockKeys * StrideBytes) + (element * ElementBytes));

    /// <summary>Address of the first row of the page that a row is in.</summary>
    public nint Page(int row) => Pages[row / Attention.BlockKeys] + (nint)Offset;

    /// <summary>Some elements of each row.</summary>
    public CachedRows Part(long first, int elements) => this with { Offset = Offset + (first * ElementBytes), Elements = elements };

    /// <summary>One of several heads of <paramref name="elements"/> side by side.</summary>
    public CachedRows Head(int head, int elements) => Part((long)head * elements, elements);
}
