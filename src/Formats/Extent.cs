namespace LayerStream.Formats;

/// <summary>A byte range of one file of a model.</summary>
/// <param name="File">Index into <see cref="GgufModel.Files"/>.</param>
/// <param name="Offset">Absolute byte offset in that file.</param>
/// <param name="Length">Length in bytes.</param>
public readonly record struct Extent(int File, long Offset, long Length)
{
    /// <summary>Byte offset behind the range.</summary>
    public long End => Offset + Length;

    /// <summary>What a direct read of the range brings.</summary>
    /// <exception cref="OverflowException">The range ends behind what a file can hold.</exception>
    public ExtentWindow Window
    {
        get
        {
            long begin = ExtentWindow.RoundDown(Offset);
            return new ExtentWindow(begin, Length == 0 ? 0 : ExtentWindow.RoundUp(checked(Offset + Length)) - begin, (int)(Offset - begin));
        }
    }
}
