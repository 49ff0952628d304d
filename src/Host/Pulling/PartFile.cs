using System.Diagnostics;
using System.Security.Cryptography;
using LayerStream.Formats;
using LayerStream.Memory;
using LayerStream.Session.Catalogue;
using LayerStream.Storage;
using LayerStream.Storage.Sums;
using LayerStream.Storage.Writing;

namespace LayerStream.Host.Pulling;

/// <summary>
/// A file that is being downloaded: what is written of it, the journal that says so, and the digest of its beginning. A process that ends
/// at any moment loses the writes of the last second.
/// </summary>
internal sealed class PartFile : IDisposable
{
    private const int ScanWindowBytes = 4 << 20;
    private const int DiskFull = 28, QuotaFull = 122, WindowsDiskFull = 112; // ENOSPC, EDQUOT, ERROR_DISK_FULL
    private static readonly TimeSpan s_journalPause = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Lock _saving = new();
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly DirectOutput _output;
    private readonly RangeSet _done;
    private readonly DownloadJournal _journal;
    private long _hashed;
    private long _saved = Stopwatch.GetTimestamp();

    private PartFile(string path, DirectOutput output, DownloadJournal journal) =>
        (Path, _output, _journal, _done) = (path, output, journal, RangeSet.Of(journal.Done));

    /// <summary>Path of the part.</summary>
    public string Path { get; }

    /// <summary>Bytes that are written.</summary>
    public long DoneBytes
    {
        get
        {
            lock (_lock)
            {
                return _done.Bytes;
            }
        }
    }

    /// <summary>Why writes go through the page cache; null when they do not.</summary>
    public string? FallbackReason => _output.FallbackReason;

    /// <summary>Goes on with what is there if it is of the same file, else begins anew.</summary>
    /// <param name="path">Path of the part.</param>
    /// <param name="wanted">Source, address, length, digest and mark of the file.</param>
    /// <exception cref="PullException">The disk is too small, or another program downloads the same file.</exception>
    public static PartFile Open(string path, DownloadJournal wanted)
    {
        DownloadJournal? there = File.Exists(path) ? DownloadJournal.Read(path) : null;
        bool isSame = there is not null && IsSame(there, wanted) && new FileInfo(path).Length == wanted.TotalBytes;
        try
        {
            if (!isSame)
            {
                using (File.Exists(path) ? new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None) : null)
                {
                    // That it can be opened says that nobody else writes it.
                }

                File.Delete(path);
                CheckRoom(path, wanted.TotalBytes);
            }

            PartFile part = new(path, DirectOutput.Open(path, wanted.TotalBytes), isSame ? wanted with { Done = there!.Done } : wanted);
            part.Save();
            return part;
        }
        catch (IOException e) when (!IsDiskFull(e) && File.Exists(path))
        {
            throw new PullException($"{path} cannot be written: {e.Message} If another pull of the same file is running, let it end.", e);
        }
        catch (IOException e) when (IsDiskFull(e))
        {
            throw new PullException($"There is no room for {ByteSize.Format(wanted.TotalBytes)} at {path}.", e);
        }
    }

    /// <summary>Whether an error says that the disk is full.</summary>
    public static bool IsDiskFull(IOException error) => (error.HResult & 0xFFFF) is DiskFull or QuotaFull or WindowsDiskFull;

    /// <summary>What is missing, in order.</summary>
    public IReadOnlyList<(long Begin, long End)> Missing(long pieceBytes)
    {
        lock (_lock)
        {
            return _done.Missing(_output.Length, pieceBytes);
        }
    }

    /// <summary>Gives up what is there: nothing is written yet.</summary>
    public void Restart()
    {
        lock (_lock)
        {
            _done.Clear();
            _hash.GetHashAndReset();
            _hashed = 0;
        }
    }

    /// <summary>Writes bytes of a buffer as <see cref="DirectOutput.Write"/> does, and records them.</summary>
    /// <exception cref="PullException">The disk is full.</exception>
    public void Write(AlignedBuffer buffer, int length, long offset)
    {
        bool isNext;
        lock (_lock)
        {
            isNext = offset == _hashed;
        }

        if (isNext) // only one writer is at this place
        {
            _hash.AppendData(buffer.Bytes(0, length));
        }

        try
        {
            _output.Write(buffer, 0, length, offset);
        }
        catch (IOException e) when (IsDiskFull(e))
        {
            throw new PullException($"The disk is full: {ByteSize.Format(DoneBytes)} of {ByteSize.Format(_output.Length)} are there and "
                + "kept. Make room; the same command goes on from there.", e);
        }

        lock (_lock)
        {
            _done.Add(offset, offset + length);
            _hashed = isNext ? offset + length : _hashed;
        }

        if (Stopwatch.GetElapsedTime(Interlocked.Read(ref _saved)) > s_journalPause)
        {
            Save();
        }
    }

    /// <summary>Brings what is written to the disk, then says so in the journal.</summary>
    public void Save()
    {
        lock (_saving)
        {
            IReadOnlyList<long> done;
            lock (_lock)
            {
                done = _done.Borders;
            }

            Interlocked.Exchange(ref _saved, Stopwatch.GetTimestamp());
            try
            {
                _output.Sync();
                (_journal with { Done = done }).Write(Path);
            }
            catch (IOException e) when (IsDiskFull(e))
            {
                // The older journal stays: more will come again than would have to.
            }
        }
    }

    /// <summary>SHA-256 of the whole file in lower-case hexadecimal digits; what was not written in order is read past the page
    /// cache.</summary>
    /// <param name="progress">Receives the bytes of the file that are through.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="FlashReadException">It cannot be read.</exception>
    public string Digest(Action<long> progress, CancellationToken ct)
    {
        Close(); // where locks are kept to the letter, nobody else could read it
        if (_hashed < _output.Length)
        {
            using FlashDevice device = FlashDevice.Open([Path]);
            RangeScan scan = new(device, 1, ScanWindowBytes);
            long begin = _hashed;
            HashSink sink = new(_hash);
            scan.Run([(new Extent(0, begin, _output.Length - begin), 1)], _ => sink, done => progress(begin + done), ct);
            _hashed = sink.Error is { } error ? throw error : _output.Length;
        }

        return Convert.ToHexStringLower(_hash.GetCurrentHash());
    }

    /// <summary>Nothing is written any more.</summary>
    public void Close()
    {
        Save();
        _output.Dispose();
    }

    /// <summary>Closes the part and deletes it with its journal.</summary>
    public void Discard()
    {
        _output.Dispose();
        File.Delete(Path);
        File.Delete(DownloadJournal.PathOf(Path));
    }

    /// <summary>Gives the closed part its name; what had the name is replaced.</summary>
    public void Finish(string path)
    {
        File.Move(Path, path, overwrite: true);
        File.Delete(DownloadJournal.PathOf(Path));
    }

    public void Dispose()
    {
        _output.Dispose();
        _hash.Dispose();
    }

    /// <summary>Whether what is there is a part of the wanted file: by its digest, else by the server's mark.</summary>
    private static bool IsSame(DownloadJournal there, DownloadJournal wanted) => there.TotalBytes == wanted.TotalBytes
        && (there.Sha256 is not null || wanted.Sha256 is not null ? there.Sha256 == wanted.Sha256
            : there.Url == wanted.Url && there.ETag is not null && there.ETag == wanted.ETag);

    private static void CheckRoom(string path, long bytes)
    {
        long free = new DriveInfo(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!).AvailableFreeSpace;
        if (bytes > free)
        {
            throw new PullException($"The file takes {ByteSize.Format(bytes)}, and {ByteSize.Format(free)} are free where {path} would "
                + "lie. Make room, take a smaller quantisation, or name another folder with --models.");
        }
    }

    private sealed class HashSink(IncrementalHash hash) : RangeScan.ISink
    {
        public FlashReadException? Error { get; private set; }

        public void Take(ReadOnlySpan<byte> piece) => hash.AppendData(piece);

        public void End(FlashReadException? error) => Error = error;
    }
}
