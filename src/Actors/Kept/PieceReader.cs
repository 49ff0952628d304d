using LayerStream.Memory;
using LayerStream.Planning.Batches;
using LayerStream.Storage;
using LayerStream.Storage.Blocks;

namespace LayerStream.Actors.Kept;

/// <summary>
/// Reads files of pieces, several blocks at the same time, each through a buffer of its own. Whether reads pass the page cache by is tried
/// with the first file and holds for those beside it. For one caller at a time.
/// </summary>
/// <param name="folder">The model's folder.</param>
/// <param name="model">Name of the model.</param>
/// <param name="account">Gives <see cref="StagingBytes"/>.</param>
internal sealed class PieceReader(string folder, UInt128 model, BudgetAccount account) : IDisposable
{
    private const int Lanes = 3; // reads at the same time with which a device is about as fast as with more
    private const int MostOpen = 16; // files

    private readonly AlignedBuffer[] _staging =
        [.. Enumerable.Range(0, Lanes).Select(_ => account.Allocate(BlockFileFormat.StagingBytes))];
    private bool? _isDirect; // null = no file was read yet

    /// <summary>Bytes of its buffers.</summary>
    internal static long StagingBytes => (long)Lanes * BlockFileFormat.StagingBytes;

    /// <summary>The most bytes of its files in the page cache, where the file system leaves what is read there until it is
    /// dropped.</summary>
    internal static long CachedBytes => StagingBytes;

    /// <summary>A buffer that is free between calls.</summary>
    internal AlignedBuffer Staging => _staging[0];

    /// <summary>Tokens of a piece; null when its file is not as it was written, or that of another model or of somebody else.</summary>
    internal int[]? Tokens(KeptPiece piece, UInt128 who)
    {
        using BlockFileReader? file = Open(piece);
        return file is null ? null : PieceFile.Tokens(file.Description, piece, model, who);
    }

    /// <summary>Who may use a piece, and its tokens; null as above.</summary>
    internal (UInt128 Who, int[] Tokens)? Describe(KeptPiece piece)
    {
        using BlockFileReader? file = Open(piece);
        return file is not null && PieceFile.Scope(file.Description) is { } who
            && PieceFile.Tokens(file.Description, piece, model, who) is { } tokens ? (who, tokens) : null;
    }

    /// <summary>Reads pieces, up to the first ones that are not as they were written.</summary>
    /// <param name="wanted">The pieces.</param>
    /// <param name="who">Who asks.</param>
    /// <param name="broken">Takes those that are not as they were written.</param>
    /// <returns>How many pieces were read before the first that is broken.</returns>
    internal int Read(IReadOnlyList<PieceRead> wanted, UInt128 who, List<KeptPiece> broken)
    {
        int whole = 0;
        while (whole < wanted.Count && broken.Count == 0)
        {
            whole += ReadSome([.. wanted.Skip(whole).Take(MostOpen)], who, broken);
        }

        return whole;
    }

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(_staging, s => s.Dispose());

    private int ReadSome(PieceRead[] wanted, UInt128 who, List<KeptPiece> broken)
    {
        List<BlockFileReader> files = [];
        try
        {
            foreach (PieceRead read in wanted)
            {
                if (OpenFor(read, who) is not { } file)
                {
                    broken.Add(read.Piece);
                    break;
                }

                files.Add(file);
            }

            bool[] isWhole = ReadBlocks(files, [.. wanted.Select(w => w.Take)]);
            broken.AddRange(wanted.Take(files.Count).Where((_, i) => !isWhole[i]).Select(w => w.Piece));
            return isWhole.TakeWhile(w => w).Count();
        }
        finally
        {
            files.ForEach(f => f.Dispose());
        }
    }

    private BlockFileReader? OpenFor(PieceRead read, UInt128 who)
    {
        BlockFileReader? file = Open(read.Piece);
        if (file is not null && (file.PayloadBytes != read.PayloadBytes
            || PieceFile.Tokens(file.Description, read.Piece, model, who) is null))
        {
            file.Dispose();
            return null;
        }

        return file;
    }

    private BlockFileReader? Open(KeptPiece piece)
    {
        try
        {
            BlockFileReader file = BlockFileReader.Open(Path.Combine(folder, PieceFile.Name(piece)), Staging, _isDirect);
            _isDirect ??= file.IsDirect;
            return file;
        }
        catch (Exception e) when (e is BlockFileException or FlashReadException)
        {
            return null; // what cannot be read is read from the model again
        }
    }

    /// <summary>Reads all blocks of some files; which files are whole.</summary>
    private bool[] ReadBlocks(List<BlockFileReader> files, TakeBlock[] take)
    {
        (int File, int Block)[] blocks = [.. files.SelectMany((f, file) => Enumerable.Range(0, f.Blocks).Select(block => (file, block)))];
        bool[] isBroken = new bool[files.Count];
        int next = -1;
        void ReadLane(int lane)
        {
            for (int i = Interlocked.Increment(ref next); i < blocks.Length; i = Interlocked.Increment(ref next))
            {
                (int file, int block) = blocks[i];
                try
                {
                    files[file].Read(block, _staging[lane], take[file]);
                }
                catch (Exception e) when (e is BlockFileException or FlashReadException)
                {
                    Volatile.Write(ref isBroken[file], true);
                }
            }
        }

        Parallel.For(0, Lanes, ReadLane);
        return [.. isBroken.Select(b => !b)];
    }
}
