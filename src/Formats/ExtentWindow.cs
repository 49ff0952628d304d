namespace LayerStream.Formats;

/// <summary>The aligned byte range that a direct read of a payload brings: the payload rounded out to <see cref="Alignment"/> at both
/// ends.</summary>
/// <param name="Offset">Byte offset in the file, a multiple of <see cref="Alignment"/>.</param>
/// <param name="Length">Bytes, a multiple of <see cref="Alignment"/>; what a buffer for the payload takes. 0 for an empty payload.</param>
/// <param name="PayloadOffset">Bytes from the start of the window to the payload.</param>
public readonly record struct ExtentWindow(long Offset, long Length, int PayloadOffset)
{
    /// <summary>Offsets, lengths and addresses of reads are multiples of this many bytes.</summary>
    public const int Alignment = 4096;

    /// <summary>Byte offset behind the window.</summary>
    public long End => Offset + Length;

    /// <summary>Whole multiples of <see cref="Alignment"/> in the window.</summary>
    public long Pages => Length / Alignment;

    /// <summary>Bytes of the window of a payload of a length, wherever it lies.</summary>
    public static long MostBytes(long payloadBytes) => checked(RoundUp(payloadBytes) + Alignment);

    /// <summary>The next multiple of <see cref="Alignment"/> that is no smaller.</summary>
    public static long RoundUp(long bytes) => checked(bytes + (Alignment - 1)) & ~(long)(Alignment - 1);

    /// <summary>The next multiple of <see cref="Alignment"/> that is no larger.</summary>
    public static long RoundDown(long bytes) => bytes & ~(long)(Alignment - 1);
}
