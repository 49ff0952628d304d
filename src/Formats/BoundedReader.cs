using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace LayerStream.Formats;

/// <summary>
/// Sequential little-endian reader of one file. Every read is checked against the remaining bytes of the file
/// before anything is allocated for it.
/// </summary>
internal sealed class BoundedReader : IDisposable
{
    private readonly SafeFileHandle _handle;
    private readonly byte[] _buffer;
    private long _start;   // file offset of _buffer[0]
    private int _next;
    private int _filled;
    private bool _isKept;

    /// <summary>Opens a regular file; the buffer belongs to the reader until it is disposed.</summary>
    internal BoundedReader(string path, byte[] buffer)
    {
        Path = path;
        _buffer = buffer;
        try
        {
            var info = new FileInfo(path);
            if (Directory.Exists(path))
            {
                throw new ModelFormatException(path, 0, "This is a folder; give the path of a .gguf file in it.");
            }

            if (!info.Exists)
            {
                throw new ModelFormatException(path, 0, FilePiece.Beside(path) is { } piece
                    ? $"There is no such file, but {System.IO.Path.GetFileName(piece)} beside it. {FilePiece.Advice(piece)}"
                    : "There is no such file; check the path.");
            }

            // Pipes and devices report no length; opening a pipe would block, so look before opening.
            if (info.ResolveLinkTarget(returnFinalTarget: true) is FileInfo target ? target.Length == 0 : info.Length == 0)
            {
                throw new ModelFormatException(path, 0, "The file is empty or not a regular file; download it again.");
            }

            _handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete,
                FileOptions.SequentialScan);
            Length = RandomAccess.GetLength(_handle);
            ModifiedAt = File.GetLastWriteTimeUtc(_handle);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            _handle?.Dispose();
            throw new ModelFormatException(path, 0, $"The file cannot be opened: {error.Message}");
        }
    }

    internal string Path { get; }

    internal long Length { get; }

    /// <summary>When the file was last written before it was opened.</summary>
    internal DateTime ModifiedAt { get; }

    internal long Position => _start + _next;

    internal long Remaining => Length - Position;

    /// <summary>Leaves the file open, in the hands of those who read weights.</summary>
    internal void KeepIn(ModelFiles files)
    {
        files.Add(Path, _handle, Length, ModifiedAt);
        _isKept = true;
    }

    public void Dispose()
    {
        if (!_isKept)
        {
            _handle.Dispose();
        }
    }

    internal ModelFormatException Error(long offset, string message) => new(Path, offset, message);

    internal void Seek(long position)
    {
        if (position >= _start && position <= _start + _filled)
        {
            _next = (int)(position - _start);
            return;
        }

        _start = position;
        _next = _filled = 0;
    }

    internal void Skip(long bytes, string what)
    {
        Require(bytes, what);
        Seek(Position + bytes);
    }

    /// <summary>Fails unless that many bytes are left.</summary>
    internal void Require(long bytes, string what)
    {
        if (bytes < 0 || bytes > Remaining)
        {
            throw Error(Position, $"The file ends inside {what}: {(ulong)bytes} bytes needed, {Remaining} left. It is truncated or "
                + "damaged; download it again.");
        }
    }

    /// <summary>Consumes up to one buffer of bytes; the span is valid until the next call.</summary>
    internal ReadOnlySpan<byte> Take(int count, string what)
    {
        var bytes = Peek(count, what);
        _next += count;
        return bytes;
    }

    internal uint ReadUInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(4, what));

    internal long ReadInt64(string what) => BinaryPrimitives.ReadInt64LittleEndian(Take(8, what));

    /// <summary>Reads a 64-bit length or count and fails when it is negative (as signed) or above the cap.</summary>
    internal long ReadCount(long cap, string what)
    {
        long offset = Position;
        long value = ReadInt64(what);
        if (value < 0 || value > cap)
        {
            throw Error(offset, $"{what} is {(ulong)value}, at most {cap} is possible here. The file is damaged; download it again.");
        }

        return value;
    }

    /// <summary>Fills a destination that the caller sized after <see cref="Require"/>.</summary>
    internal void ReadInto(Span<byte> destination, string what)
    {
        Require(destination.Length, what);
        int buffered = Math.Min(destination.Length, _filled - _next);
        _buffer.AsSpan(_next, buffered).CopyTo(destination);
        _next += buffered;
        destination = destination[buffered..];
        long offset = Position;
        while (!destination.IsEmpty)
        {
            int got = ReadOnce(destination, offset);
            destination = destination[got..];
            offset += got;
        }

        Seek(offset);
    }

    /// <summary>Decodes UTF-8 text of a known length; invalid bytes become U+FFFD.</summary>
    internal string ReadText(int bytes, string what)
    {
        Require(bytes, what);
        if (bytes <= _buffer.Length)
        {
            return Utf8Text.ToText(Take(bytes, what));
        }

        // Two walks over the file instead of a copy of the bytes: count the characters, then decode in place.
        long begin = Position;
        int chars = 0;
        for (long end = begin + bytes; Position < end;)
        {
            chars += Utf8Text.CountChars(TakePiece(end - Position, what));
        }

        Seek(begin);
        return string.Create(chars, (Reader: this, End: begin + bytes, What: what), static (text, state) =>
        {
            while (state.Reader.Position < state.End)
            {
                int written = Utf8Text.Decode(state.Reader.TakePiece(state.End - state.Reader.Position, state.What), text);
                text = text[written..];
            }
        });
    }

    /// <summary>Takes at most one buffer, cut where a character begins (or where no character can be cut).</summary>
    private ReadOnlySpan<byte> TakePiece(long left, string what)
    {
        if (left <= _buffer.Length)
        {
            return Take((int)left, what);
        }

        var bytes = Peek(_buffer.Length, what);
        int last = bytes.Length - 1;
        int cut = last;
        while (cut > last - 3 && (bytes[cut] & 0xC0) == 0x80)
        {
            cut--;
        }

        return Take((bytes[cut] & 0xC0) == 0x80 ? last : cut, what);
    }

    private ReadOnlySpan<byte> Peek(int count, string what)
    {
        Require(count, what);
        if (_filled - _next < count)
        {
            Refill(count);
        }

        return _buffer.AsSpan(_next, count);
    }

    private void Refill(int count)
    {
        _buffer.AsSpan(_next, _filled - _next).CopyTo(_buffer);
        _start += _next;
        _filled -= _next;
        _next = 0;
        while (_filled < count)
        {
            _filled += ReadOnce(_buffer.AsSpan(_filled), _start + _filled);
        }
    }

    private int ReadOnce(Span<byte> destination, long offset)
    {
        int got;
        try
        {
            got = RandomAccess.Read(_handle, destination, offset);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Error(offset, $"The file cannot be read: {error.Message}");
        }

        return got > 0 ? got : throw Error(offset, "The file became shorter while it was read; do not change model files in use.");
    }
}
