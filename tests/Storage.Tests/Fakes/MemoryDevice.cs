using System.Runtime.InteropServices;

namespace LayerStream.Storage.Tests.Fakes;

/// <summary>A device over byte arrays. Arrays can be replaced while it is read, as if the file was truncated or rewritten.</summary>
public sealed class MemoryDevice : IFlashDevice
{
    private readonly byte[][] _contents;
    private readonly long[] _lengths;

    public MemoryDevice(params byte[][] contents)
    {
        _contents = contents;
        _lengths = contents.Select(c => (long)c.Length).ToArray();
        Files = Enumerable.Range(0, contents.Length).Select(i => $"memory-{i}").ToArray();
    }

    public int Alignment => 4096;

    public bool IsDirect => true;

    public string? FallbackReason => null;

    public IReadOnlyList<string> Files { get; }

    public long FileLength(int file) => _lengths[file];

    public string? DescribeChange(int file) => null;

    /// <summary>Changes what later reads see; <see cref="FileLength"/> stays as it was at opening.</summary>
    public void Replace(int file, byte[] content) => Volatile.Write(ref _contents[file], content);

    public int Read(int file, long offset, nint destination, int length)
    {
        if (offset % Alignment != 0 || destination % Alignment != 0 || length % Alignment != 0)
        {
            throw new ArgumentException("unaligned read");
        }

        byte[] content = Volatile.Read(ref _contents[file]);
        int count = (int)Math.Clamp(content.Length - offset, 0, length);
        if (count > 0)
        {
            Marshal.Copy(content, (int)offset, destination, count);
        }

        return count;
    }

    public void Dispose()
    {
    }
}
