using System.Globalization;
using LayerStream.Memory;
using LayerStream.Planning.Batches;
using LayerStream.Storage.Blocks;

namespace LayerStream.Actors.Kept;

/// <summary>
/// The folder of kept states: a folder in it for each model, in that a file for each piece. All of them together never take more than they
/// may: the piece that is worth least goes before another comes. What is not as it was written is taken away and never used.
/// </summary>
internal sealed class StateFolder : IDisposable
{
    private const string LockName = "lock";
    private const int MostPieces = 16384;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly Lock _lock = new();
    private readonly KeptPieces _pieces = new();
    private readonly Dictionary<KeptPiece, string> _foreign = []; // pieces of other models, by path
    private readonly string _own;
    private readonly UInt128 _model;
    private readonly long _mostBytes;
    private readonly PieceReader _reader;
    private readonly AlignedBuffer _writeStaging;
    private readonly FileStream? _held;
    private readonly Reservation _room;
    private long _foreignBytes;

    private StateFolder(string own, UInt128 model, long mostBytes, BudgetAccount account, Reservation room, FileStream? held)
    {
        _room = room;
        (_own, _model, _mostBytes, _held) = (own, model, mostBytes, held);
        _reader = new PieceReader(own, model, account);
        _writeStaging = account.Allocate(BlockFileFormat.StagingBytes);
    }

    /// <summary>Test hook, called before a file is written.</summary>
    internal Action? WriteHook { get; set; }

    /// <summary>Bytes of buffers that it takes.</summary>
    internal static long StagingBytes => PieceReader.StagingBytes + BlockFileFormat.StagingBytes;

    /// <summary>The most bytes of its files in the page cache.</summary>
    internal static long CachedBytes => PieceReader.CachedBytes + BlockFileFormat.BlockBytes;

    /// <summary>Whether pieces can be written: another process that serves the same model from the same folder writes them.</summary>
    internal bool CanWrite => _held is not null;

    /// <summary>Bytes of all files of pieces, those of other models included.</summary>
    internal long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _pieces.Bytes + _foreignBytes;
            }
        }
    }

    /// <summary>Opens the folder, makes it if need be, and takes away what killed processes left half written.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="mostBytes">Bytes that all files in it may take.</param>
    /// <param name="model">Name of the model.</param>
    /// <param name="account">Gives <see cref="StagingBytes"/>.</param>
    /// <param name="files">Account of what may be in the page cache of files.</param>
    /// <exception cref="IOException">It cannot be made or read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be.</exception>
    internal static StateFolder Open(string path, long mostBytes, UInt128 model, BudgetAccount account, BudgetAccount files)
    {
        string own = Path.Combine(path, model.ToString("x32", CultureInfo.InvariantCulture));
        Create(path);
        Create(own);
        FileStream? held = Hold(own);
        StateFolder folder = new(own, model, mostBytes, account, files.Reserve(CachedBytes), held);
        try
        {
            foreach (string each in Directory.EnumerateDirectories(path))
            {
                folder.Take(each, each == own);
            }

            return folder;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>The pieces that spare a prompt more than <paramref name="least"/> tokens.</summary>
    internal KeptPath Find(UInt128 who, IReadOnlyList<int> prompt, bool isRecurrent, int least)
    {
        lock (_lock)
        {
            return Find(StateNames.Root(_model, who), who, prompt, isRecurrent, least, DateTime.UtcNow.Ticks);
        }
    }

    /// <summary>Tokens of the conversation used last, and whose it is; null when there is none.</summary>
    /// <param name="most">Tokens of its beginning that are of use.</param>
    internal (UInt128 Scope, int[] Tokens)? Newest(int most)
    {
        lock (_lock)
        {
            IReadOnlyList<KeptPiece> pages = _pieces.Newest();
            if (pages.Count == 0)
            {
                return null;
            }

            if (_reader.Describe(pages[0]) is not { } first)
            {
                Drop(pages[0]);
                return null;
            }

            List<KeptPiece> broken = [];
            IEnumerable<int[]> behind = pages.Skip(1).TakeWhile(p => p.First < most).Select(p => TokensOf(p, first.Who, broken))
                .TakeWhile(t => t is not null).OfType<int[]>();
            int[] tokens = [.. behind.Prepend(first.Tokens).SelectMany(t => t).Take(most)];
            broken.ForEach(Drop);
            return (first.Who, tokens);
        }
    }

    /// <summary>Reads pieces, as many as there are before the first that is gone or not as it was written: it is then forgotten.</summary>
    /// <param name="who">Who asks.</param>
    /// <param name="wanted">The pieces.</param>
    /// <returns>How many of the first were read; of those behind, parts may have been handed out.</returns>
    internal int Read(UInt128 who, IReadOnlyList<PieceRead> wanted)
    {
        lock (_lock)
        {
            List<KeptPiece> broken = [];
            int whole = _reader.Read(wanted, who, broken);
            broken.ForEach(Drop);
            return whole;
        }
    }

    /// <summary>Writes a piece unless it is there.</summary>
    /// <param name="piece">The piece; its bytes are those of its payload.</param>
    /// <param name="scope">Who may use it.</param>
    /// <param name="tokens">Its tokens.</param>
    /// <param name="now">When the sequence ended; pieces that were used as late do not make room for this one.</param>
    /// <param name="fill">Gives the payload; false gives the piece up.</param>
    /// <returns>False when it was given up or there is no room for it.</returns>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    internal bool Write(KeptPiece piece, UInt128 scope, IReadOnlyList<int> tokens, long now, FillBlock fill)
    {
        byte[] description = PieceFile.Describe(piece, _model, scope, tokens);
        long payloadBytes = piece.Bytes;
        piece = new KeptPiece(piece.Kind, piece.Parent, piece.Name, piece.First, piece.Count,
            payloadBytes + BlockFileFormat.HeaderBytes(description.Length, payloadBytes));
        lock (_lock)
        {
            if (_pieces.Find(piece.Kind, piece.Name) is { } there)
            {
                there.LastUse = Math.Max(there.LastUse, now);
                return true;
            }

            if (!CanWrite || piece.Bytes > _mostBytes || !TryMakeRoom(piece.Bytes, now))
            {
                return false;
            }
        }

        WriteHook?.Invoke();
        if (!BlockFileWriter.Write(PathOf(piece), description, payloadBytes, _writeStaging, fill))
        {
            return false;
        }

        lock (_lock)
        {
            piece.LastUse = now;
            _pieces.Add(piece);
            if (piece.Kind == KeptKind.Page)
            {
                foreach (KeptPiece shorter in _pieces.Superseded(piece.Parent, tokens, StateNames.OfTokens))
                {
                    Drop(shorter);
                }
            }
        }

        return true;
    }

    /// <summary>Writes which experts are in memory.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    internal void WriteExperts(IReadOnlyList<HotExpert> experts) => ExpertsFile.Write(_own, _model, experts, _writeStaging);

    /// <summary>Which experts were in memory when the model was used last; empty when nobody knows.</summary>
    /// <param name="banks">Experts of each bank.</param>
    internal IReadOnlyList<HotExpert> ReadExperts(IEnumerable<int> banks) => ExpertsFile.Read(_own, _model, [.. banks], _reader.Staging);

    /// <summary>Notes that a sequence still stands on pieces that are there: pages of its tokens, from the root on.</summary>
    internal void Keep(IEnumerable<(KeptKind Kind, UInt128 Name)> names, long now)
    {
        lock (_lock)
        {
            foreach ((KeptKind kind, UInt128 name) in names)
            {
                if (_pieces.Find(kind, name) is { } piece)
                {
                    Touch(piece, now);
                }
            }
        }
    }

    /// <summary>Name of what stands in front of every prompt of whoever asks.</summary>
    internal UInt128 Root(UInt128 scope) => StateNames.Root(_model, scope);

    /// <inheritdoc/>
    public void Dispose()
    {
        _reader.Dispose();
        _writeStaging.Dispose();
        _room.Dispose();
        _held?.Dispose();
    }

    private static void Create(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, OwnerOnly);
        }
    }

    /// <summary>The lock of a model's folder; null when another process has it. The system gives it up when the process ends in any
    /// way.</summary>
    private static FileStream? Hold(string folder)
    {
        try
        {
            FileStreamOptions options = new() { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            return new FileStream(Path.Combine(folder, LockName), options);
        }
        catch (IOException e) when (e is not DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Learns what a model's folder holds; that of another model goes when it holds nothing.</summary>
    private void Take(string folder, bool isOwn)
    {
        using FileStream? other = isOwn ? null : Hold(folder);
        bool isHeld = isOwn ? CanWrite : other is not null, isEmpty = true;
        foreach (FileInfo file in new DirectoryInfo(folder).EnumerateFiles())
        {
            if (file.Name.EndsWith(BlockFileWriter.UnfinishedEnding, StringComparison.Ordinal))
            {
                isEmpty &= isHeld;
                if (isHeld)
                {
                    file.Delete();
                }
            }
            else if (PieceFile.Parse(file.Name, file.Length) is { } piece)
            {
                piece.LastUse = Math.Min(file.LastWriteTimeUtc.Ticks, DateTime.UtcNow.Ticks - 1);
                if (isOwn)
                {
                    _pieces.Add(piece);
                }
                else
                {
                    _foreign[piece] = file.FullName;
                    _foreignBytes += piece.Bytes;
                    isEmpty = false;
                }
            }
            else
            {
                isEmpty &= file.Name is LockName or ExpertsFile.Name;
            }
        }

        if (other is not null && isEmpty)
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Takes pieces away until there is room for another.</summary>
    private bool TryMakeRoom(long bytes, long now)
    {
        while (_pieces.Bytes + _foreignBytes + bytes > _mostBytes || _pieces.Count >= MostPieces)
        {
            KeptPiece? own = _pieces.Least(), other = _foreign.Keys.MinBy(p => p.LastUse);
            KeptPiece? least = own is null || (other is not null && other.LastUse < own.LastUse) ? other : own;
            if (least is null || least.LastUse >= now)
            {
                return false;
            }

            Drop(least);
        }

        return true;
    }

    private void Drop(KeptPiece piece)
    {
        bool isForeign = _foreign.Remove(piece, out string? other);
        _foreignBytes -= isForeign ? piece.Bytes : 0;
        _pieces.Remove(piece);
        try
        {
            File.Delete(other ?? PathOf(piece));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Found and taken away at the next start.
        }
    }

    private void Touch(KeptPiece piece, long now)
    {
        piece.LastUse = Math.Max(now, piece.LastUse);
        try
        {
            File.SetLastWriteTimeUtc(PathOf(piece), new DateTime(now, DateTimeKind.Utc));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It only goes earlier than it might.
        }
    }

    private KeptPath Find(UInt128 root, UInt128 who, IReadOnlyList<int> prompt, bool isRecurrent, int least, long now)
    {
        List<KeptPiece> broken = [];
        KeptPath path = _pieces.Find(root, prompt, isRecurrent, least, StateNames.OfTokens, piece => TokensOf(piece, who, broken));
        broken.ForEach(Drop);
        foreach (KeptPiece piece in path.Snapshot is { } snapshot ? path.Pages.Append(snapshot) : path.Pages)
        {
            Touch(piece, now);
        }

        return path;
    }

    private int[]? TokensOf(KeptPiece piece, UInt128 who, List<KeptPiece> broken)
    {
        int[]? tokens = _reader.Tokens(piece, who);
        if (tokens is null)
        {
            broken.Add(piece);
        }

        return tokens;
    }

    private string PathOf(KeptPiece piece) => Path.Combine(_own, PieceFile.Name(piece));
}
