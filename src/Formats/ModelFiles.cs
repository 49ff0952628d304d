using Microsoft.Win32.SafeHandles;

namespace LayerStream.Formats;

/// <summary>
/// The open files of a model, kept from the reading of its description on. Whoever reads weights reads them through these, so that metadata
/// and weights come from the same files whatever happens to their paths in between.
/// </summary>
public sealed class ModelFiles : IDisposable
{
    private readonly List<Entry> _entries = [];

    /// <summary>Paths, in the order of <see cref="Extent.File"/>.</summary>
    public IReadOnlyList<string> Paths => [.. _entries.Select(e => e.Path)];

    /// <summary>A file, open for reading through the page cache; belongs to this object.</summary>
    public SafeFileHandle Handle(int file) => _entries[file].Handle;

    /// <summary>What has changed in a file since its description was read, as the end of a sentence about it; null when nothing
    /// has.</summary>
    public string? DescribeChange(int file)
    {
        Entry e = _entries[file];
        long length = RandomAccess.GetLength(e.Handle);
        return length != e.Length ? $"had {e.Length} bytes when its description was read and now has {length}"
            : File.GetLastWriteTimeUtc(e.Handle) != e.ModifiedAt ? "was modified while it was being opened"
            : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Entry entry in _entries)
        {
            entry.Handle.Dispose();
        }
    }

    internal void Add(string path, SafeFileHandle handle, long length, DateTime modifiedAt) =>
        _entries.Add(new Entry(path, handle, length, modifiedAt));

    private readonly record struct Entry(string Path, SafeFileHandle Handle, long Length, DateTime ModifiedAt);
}
