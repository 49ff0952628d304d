namespace LayerStream.Memory;

/// <summary>
/// A file that is read or written once from end to end. Its pages are dropped from the page cache as it goes, because the kernel charges
/// them to the budget: what is cached never exceeds one step. Only Linux can drop; elsewhere it is a plain file.
/// </summary>
public sealed class TransientFile : Stream
{
    private const int BufferBytes = 1 << 16;
    private const int StepBytes = 1 << 19;

    private const int SmallStepBytes = 1 << 16;

    /// <summary>The most bytes of the page cache it takes: a step, what is still to be written of the next, and read-ahead.</summary>
    public const int RoomBytes = 2 * StepBytes;

    /// <summary>The same of one that goes in small steps.</summary>
    public const int SmallRoomBytes = 2 * SmallStepBytes;

    private readonly FileStream _file;
    private readonly bool _isNew;
    private Reservation? _room;
    private bool _isUntouched;
    private readonly int _stepBytes;
    private long _pending;

    private TransientFile(FileStream file, bool isNew, bool isUntouched, bool isSmall)
    {
        (_file, _isNew, _isUntouched) = (file, isNew, isUntouched);
        _stepBytes = isSmall ? SmallStepBytes : StepBytes;
    }

    /// <summary>Opens a file for reading. Errors: as <see cref="FileStream"/>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="isSmall">Whether it goes in small steps, of <see cref="SmallRoomBytes"/>.</param>
    public static TransientFile OpenRead(string path, bool isSmall = false)
    {
        FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes);
        if (OperatingSystem.IsLinux() && file.CanSeek)
        {
            // No read-ahead, which some devices have megabytes of.
            _ = NativePages.Advise(file.SafeFileHandle, 0, 0, NativePages.AdviseRandom);
        }

        return new TransientFile(file, isNew: false, isUntouched: false, isSmall);
    }

    /// <summary>
    /// Opens a file for writing, and tells at once if it cannot be written. What it held is given up with the first byte; a new file that
    /// gets none is taken away again. Errors: as <see cref="FileStream"/>.
    /// </summary>
    public static TransientFile Create(string path)
    {
        bool isNew = !File.Exists(path);
        return new(new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, BufferBytes), isNew, isUntouched: true,
            isSmall: false);
    }

    /// <summary>
    /// Opens a file to write behind what it holds, in small steps of <see cref="SmallRoomBytes"/>; a new one can be read by its owner only.
    /// Errors: as <see cref="FileStream"/>.
    /// </summary>
    public static TransientFile Append(string path)
    {
        FileStreamOptions options = new()
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.Write,
            Share = FileShare.Read,
            BufferSize = BufferBytes,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        FileStream file = new(path, options);
        file.Seek(0, SeekOrigin.End);
        return new(file, isNew: false, isUntouched: false, isSmall: true);
    }

    /// <summary>Takes the room of its pages from an account, until the file is closed.</summary>
    /// <exception cref="AccountOverdrawnException">The account has less left.</exception>
    public void Charge(BudgetAccount account) => _room ??= account.Reserve(2L * _stepBytes);

    /// <summary>Returns when the device has what was written.</summary>
    public void FlushToDevice() => _file.Flush(flushToDisk: true);

    /// <inheritdoc/>
    public override bool CanRead => _file.CanRead;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => _file.CanWrite;

    /// <inheritdoc/>
    public override long Length => _file.Length;

    /// <inheritdoc/>
    public override long Position
    {
        get => _file.Position;
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        int read = _file.Read(buffer);
        Count(read);
        return read;
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_isUntouched)
        {
            _isUntouched = false;
            if (_file.CanSeek && _file.Length > 0)
            {
                _file.SetLength(0); // devices have no length, and refuse to be given one
            }
        }

        while (!buffer.IsEmpty)
        {
            int part = Math.Min(buffer.Length, _stepBytes);
            _file.Write(buffer[..part]);
            buffer = buffer[part..];
            Count(part);
        }
    }

    /// <inheritdoc/>
    public override void Flush() => _file.Flush();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && _file.SafeFileHandle is { IsClosed: false })
        {
            try
            {
                _file.Flush();
                Drop();
            }
            finally
            {
                string path = _file.Name;
                _file.Dispose();
                _room?.Dispose();
                if (_isNew && _isUntouched)
                {
                    File.Delete(path);
                }
            }
        }

        base.Dispose(disposing);
    }

    private void Count(int bytes)
    {
        _pending += bytes;
        if (_pending >= _stepBytes)
        {
            _file.Flush();
            Drop();
        }
    }

    private void Drop()
    {
        _pending = 0;
        if (OperatingSystem.IsLinux() && _file.CanSeek)
        {
            if (_file.CanWrite)
            {
                _ = NativePages.Sync(_file.SafeFileHandle); // dirty pages cannot be dropped
            }

            _ = NativePages.Advise(_file.SafeFileHandle, 0, 0, NativePages.AdviseDontNeed);
        }
    }
}
