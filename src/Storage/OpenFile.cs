using System.Globalization;
using System.Runtime.InteropServices;
using LayerStream.Formats;
using Microsoft.Win32.SafeHandles;

namespace LayerStream.Storage;

/// <summary>One file of a device: its descriptor, what it was when it was opened, and whether reads still bypass the page cache.</summary>
internal sealed unsafe class OpenFile : IDisposable
{
    /// <summary>Reads through the page cache are cut to this, so that a thread has no more than this of it before it drops it.</summary>
    internal const int BufferedPieceBytes = 1 << 17;

    private readonly SafeFileHandle _handle;
    private readonly long _modifiedNanos;
    private volatile string? _fallback;

    private OpenFile(string path, SafeFileHandle handle, long length, long modifiedNanos) =>
        (Path, _handle, Length, _modifiedNanos) = (path, handle, length, modifiedNanos);

    internal string Path { get; }

    /// <summary>Bytes when it was opened.</summary>
    internal long Length { get; }

    /// <summary>Length and modification time when it was opened.</summary>
    internal string Stamp => string.Create(CultureInfo.InvariantCulture, $"{Length} {_modifiedNanos}");

    /// <summary>Why reads go through the page cache; null when they do not.</summary>
    internal string? FallbackReason => _fallback;

    /// <summary>Takes a descriptor over, which is closed when this fails.</summary>
    /// <exception cref="FlashReadException">It is not a regular file.</exception>
    internal static OpenFile Of(string path, SafeFileHandle handle)
    {
        if (NativeFile.TryStat(handle, out long length, out long modifiedNanos))
        {
            return new OpenFile(path, handle, length, modifiedNanos);
        }

        handle.Dispose();
        throw new FlashReadException(path, 0, 0, 0, "it is not a regular file");
    }

    /// <summary>Makes reads bypass the page cache, or finds out why they cannot.</summary>
    /// <param name="block">Aligned room of one <see cref="ExtentWindow.Alignment"/> for trials; 0 = nothing is tried.</param>
    /// <exception cref="FlashReadException">The first block cannot be read either way.</exception>
    internal void BypassCache(nint block)
    {
        NativeFile.Advise(_handle, 0, 0, NativeFile.AdviseRandom); // no read-ahead into the page cache, should a read go there
        if (!NativeFile.SetDirect(_handle, true, out int errno))
        {
            FallBack(errno);
        }
        else if (block != 0)
        {
            Try(block);
        }
    }

    private void Try(nint block)
    {
        if (!OperatingSystem.IsMacOS() && Read(0, block, ExtentWindow.Alignment, out int errno) < 0)
        {
            throw Failed(0, ExtentWindow.Alignment, errno);
        }

        if (_fallback is null && PageCache.IsFilledByReads(_handle, Length, block))
        {
            _fallback = $"{Path}: direct reads are accepted here but go through the page cache";
        }
    }

    /// <summary>Leaves reads to the page cache.</summary>
    internal void UseCache(string reason)
    {
        _fallback = reason;
        NativeFile.Advise(_handle, 0, 0, NativeFile.AdviseRandom);
    }

    /// <summary>
    /// One read, which may be short. A system that refuses a direct read gets a buffered one, now and from then on. What a read leaves in
    /// the page cache is dropped whatever kind it was: file systems buffer direct reads in silence, some of them some extents only.
    /// </summary>
    /// <returns>Bytes read, or −1 and the errno.</returns>
    internal int Read(long offset, nint destination, int length, out int errno)
    {
        int wanted = _fallback is null ? length : Math.Min(length, BufferedPieceBytes);
        int count = NativeFile.Read(_handle, destination, wanted, offset, out errno);
        if (count < 0 && Errno.RefusesDirect(errno))
        {
            FallBack(errno); // also where another thread did so a moment ago
            wanted = Math.Min(length, BufferedPieceBytes);
            count = NativeFile.Read(_handle, destination, wanted, offset, out errno);
        }

        NativeFile.Advise(_handle, offset, wanted, NativeFile.AdviseDontNeed);
        return count;
    }

    /// <summary>Reads where the system has its own calls for it (Windows).</summary>
    internal int ReadManaged(long offset, nint destination, int length) =>
        RandomAccess.Read(_handle, new Span<byte>((void*)destination, length), offset);

    /// <summary>Compares the file with what it was, by size and modification time.</summary>
    internal string? DescribeChange() =>
        !NativeFile.TryStat(_handle, out long length, out long modifiedNanos) ? "can no longer be examined"
            : length != Length ? $"had {Length} bytes when it was opened and now has {length}"
            : modifiedNanos != _modifiedNanos ? "was modified after it was opened"
            : null;

    /// <summary>Closes the file; a read still running keeps it open until it ends.</summary>
    public void Dispose() => _handle.Dispose();

    internal FlashReadException Failed(long offset, long length, int errno) =>
        new(Path, offset, length, errno, Marshal.GetPInvokeErrorMessage(errno));

    /// <summary>Where no data lies, from an offset on: the next hole and its end; null when there is none, or the system does not
    /// say.</summary>
    internal (long Begin, long End)? NextHole(long offset) => NativeFile.NextHole(_handle, offset, Length);

    private void FallBack(int errno)
    {
        _ = NativeFile.SetDirect(_handle, false, out _);
        _fallback ??= $"{Path}: direct reads are not supported here ({Marshal.GetPInvokeErrorMessage(errno)}, errno {errno})";
    }
}
