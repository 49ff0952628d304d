using LayerStream.Host.Server.Http;

namespace LayerStream.Host.Server.Files;

/// <summary>
/// Files of clients in a folder: the bytes of each under its id, and beside them what is known of it. What is known is written first and
/// the bytes come last, whole: one of them without the other is what a killed process left, and goes at the next start.
/// </summary>
internal sealed class FileStore : IDisposable
{
    /// <summary>Most files: so many are known in memory.</summary>
    public const int MostFiles = 2_000;

    /// <summary>Most bytes of one file.</summary>
    public const long MostFileBytes = 512L << 20;

    private const string FactsEnding = ".json";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, StoredFile> _files = [];
    private readonly string _folder;
    private readonly IDisposable _held;
    private readonly TimeProvider _time;
    private long _bytes; // of files, and of what is being written

    private FileStore(string root, string folder, long limitBytes, IDisposable held, TimeProvider time)
    {
        (Root, _folder, LimitBytes, _held, _time) = (root, folder, limitBytes, held, time);
    }

    /// <summary>The folder that was named, for what else is kept in it.</summary>
    public string Root { get; }

    /// <summary>Most bytes of all files together.</summary>
    public long LimitBytes { get; }

    /// <summary>Bytes of all files.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _bytes;
            }
        }
    }

    /// <summary>Whether a file is still read, so that it stays though its time is over; asked under the lock of the store.</summary>
    public Func<string, bool> IsRead { get; set; } = _ => false;

    /// <summary>Now, in seconds since 1970.</summary>
    public long Now => _time.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>Opens the folder, makes it if need be, and takes away what a killed process left half done.</summary>
    /// <exception cref="IOException">It cannot be made or read, or another process has it.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be.</exception>
    public static FileStore Open(string root, long limitBytes, TimeProvider? time = null)
    {
        string folder = Path.Combine(root, "files");
        WholeFile.CreateFolder(root);
        WholeFile.CreateFolder(folder);
        FileStore store = new(root, folder, limitBytes, WholeFile.Hold(root), time ?? TimeProvider.System);
        try
        {
            store.Load();
            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>Files of an owner, the newest first.</summary>
    public IReadOnlyList<StoredFile> List(string owner)
    {
        lock (_lock)
        {
            Expire();
            return [.. _files.Values.Where(f => f.Owner == owner).OrderByDescending(f => f.CreatedAt)
                .ThenByDescending(f => f.Id, StringComparer.Ordinal)];
        }
    }

    /// <summary>A file of an owner; null = there is none.</summary>
    public StoredFile? Find(string owner, string id)
    {
        lock (_lock)
        {
            Expire();
            return _files.GetValueOrDefault(id) is { } file && file.Owner == owner ? file : null;
        }
    }

    /// <summary>Where the bytes of a file are.</summary>
    public string PathOf(StoredFile file) => Path.Combine(_folder, file.Id);

    /// <summary>Where the bytes of a file lie until they are whole.</summary>
    public string UnfinishedPathOf(string id) => Path.Combine(_folder, id + WholeFile.UnfinishedEnding);

    /// <summary>Refuses one more file where there are too many.</summary>
    /// <exception cref="ApiException">413.</exception>
    public void RequirePlace()
    {
        lock (_lock)
        {
            Expire();
            if (_files.Count >= MostFiles)
            {
                throw new ApiException(413, "invalid_request_error", $"there are {MostFiles} files here already: delete some",
                    "files_full");
            }
        }
    }

    /// <summary>Takes room for bytes that are about to be written, or gives it back where they are fewer than none: at the latest when
    /// their file is kept, which has room of its own.</summary>
    /// <exception cref="ApiException">413: there is none.</exception>
    public void Take(long bytes)
    {
        lock (_lock)
        {
            Expire();
            if (bytes > 0 && _bytes + bytes > LimitBytes)
            {
                throw new ApiException(413, "invalid_request_error",
                    $"the files here take {_bytes} of {LimitBytes} bytes together: delete some, or start the server with a larger "
                        + "--files-size",
                    "files_full");
            }

            _bytes += bytes;
        }
    }

    /// <summary>Keeps a file whose bytes have been written elsewhere in the folder.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Keep(StoredFile file, string bytesPath)
    {
        lock (_lock)
        {
            WholeFile.Write(FactsOf(file.Id), file, StoredFileJson.Default.StoredFile);
            File.Move(bytesPath, PathOf(file), overwrite: true);
            _bytes += file.Bytes - (_files.TryGetValue(file.Id, out StoredFile? same) ? same.Bytes : 0);
            _files[file.Id] = file;
        }
    }

    /// <summary>Forgets a file of an owner.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Remove(string owner, string id)
    {
        lock (_lock)
        {
            if (Find(owner, id) is not { } file)
            {
                return false;
            }

            Drop(file);
            return true;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _held.Dispose();

    private void Load()
    {
        foreach (FileInfo facts in new DirectoryInfo(_folder).EnumerateFiles("*" + FactsEnding))
        {
            if (WholeFile.Read(facts.FullName, StoredFileJson.Default.StoredFile) is { } file && facts.Name == file.Id + FactsEnding
                && File.Exists(PathOf(file)))
            {
                StoredFile whole = file with { Bytes = new FileInfo(PathOf(file)).Length };
                _files[file.Id] = whole;
                _bytes += whole.Bytes;
            }
        }

        foreach (FileInfo left in new DirectoryInfo(_folder).EnumerateFiles())
        {
            if (!_files.ContainsKey(left.Name) && !_files.ContainsKey(Path.GetFileNameWithoutExtension(left.Name)))
            {
                left.Delete();
            }
        }
    }

    private void Expire()
    {
        long now = Now;
        foreach (StoredFile file in _files.Values.Where(f => f.ExpiresAt <= now && !IsRead(f.Id)).ToArray())
        {
            Drop(file);
        }
    }

    private void Drop(StoredFile file)
    {
        _files.Remove(file.Id);
        _bytes -= file.Bytes;
        foreach (string path in (string[])[FactsOf(file.Id), PathOf(file)])
        {
            try
            {
                File.Delete(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // One without the other goes at the next start.
            }
        }
    }

    private string FactsOf(string id) => Path.Combine(_folder, id + FactsEnding);
}
