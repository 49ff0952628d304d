namespace LayerStream.Storage;

/// <summary>The aligned range that encloses a payload.</summary>
/// <param name="Offset">Byte offset in the file, aligned.</param>
/// <param name="Length">Bytes, aligned; a buffer for the payload needs this many.</param>
/// <param name="PayloadOffset">Bytes from the start of the window to the payload.</param>
public readonly record struct AlignedWindow(long Offset, int Length, int PayloadOffset)
{
    /// <summary>Rounds a range out to <paramref name="alignment"/>.</summary>
    /// <param name="offset">First byte of the payload.</param>
    /// <param name="length">Bytes of the payload; zero gives an empty window.</param>
    /// <param name="alignment">A power of two.</param>
    /// <exception cref="ArgumentOutOfRangeException">Negative range, no power of two, or a window of 2 GiB and more.</exception>
    public static AlignedWindow Around(long offset, long length, int alignment)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (alignment <= 0 || (alignment & (alignment - 1)) != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(alignment), alignment, "The alignment must be a power of two.");
        }

        long mask = alignment - 1;
        long begin = offset & ~mask;
        int payload = (int)(offset - begin);
        if (length > int.MaxValue - mask - payload || offset > long.MaxValue - length - mask)
        {
            throw new ArgumentOutOfRangeException(nameof(length), length, "The window must be smaller than 2 GiB.");
        }

        return new AlignedWindow(begin, length == 0 ? 0 : (int)((payload + length + mask) & ~mask), payload);
    }
}
