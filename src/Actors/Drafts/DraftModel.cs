using LayerStream.Actors.Loading;
using LayerStream.Actors.Ring;
using LayerStream.Formats;
using LayerStream.Kernels.Crew;
using LayerStream.Kernels.Quants;
using LayerStream.Memory;
using LayerStream.Models.Decoding;
using LayerStream.Models.Spec;
using LayerStream.Models.Tiles;
using LayerStream.Planning;
using LayerStream.Storage;

namespace LayerStream.Actors.Drafts;

/// <summary>
/// A small model, all of it in memory, that guesses how sequences of another one go on. It works on the compute thread and its crew: a
/// layer at a time while that thread would wait for a read of the other model, and the rest between two passes.
/// </summary>
internal sealed class DraftModel : IDisposable
{
    /// <summary>Most tokens that it reads at once.</summary>
    internal const int Batch = 32;

    private const int Readers = 4; // while it is loaded

    private readonly ModelSpec _spec;
    private readonly List<IDisposable> _owned = [];
    private readonly DraftSeat[] _seats;
    private readonly PassRow[] _rows = new PassRow[Batch];
    private readonly int[] _tokens = new int[Batch];
    private readonly int _vocabulary; // that both models have
    private Decoder _decoder = null!;
    private Workspace _work = null!;
    private PinnedTiles _pinned = null!;
    private Tile _head; // the embeddings, unless they are a table of their own
    private AlignedBuffer? _table;
    private nint _tableOffset;
    private DraftSeat? _working;
    private int _layer;
    private int _count;
    private int _turn; // seat that is asked first

    private DraftModel(ModelSpec spec, int vocabulary, int seats)
    {
        (_spec, _vocabulary, _seats) = (spec, Math.Min(spec.Vocabulary, vocabulary), new DraftSeat[seats]);
    }

    /// <summary>Its place of each sequence.</summary>
    internal IReadOnlyList<DraftSeat> Seats => _seats;

    /// <summary>Reads all weights into the accounts of a sheet.</summary>
    /// <param name="file">The model.</param>
    /// <param name="sheet">Has the accounts that <see cref="DraftFile.Memory"/> gave.</param>
    /// <param name="shape">What it works with.</param>
    /// <param name="crew">The threads, which it shares with the other model.</param>
    /// <param name="staging">Buffer for windows of reads.</param>
    /// <param name="progress">Hears how far it is.</param>
    /// <param name="ct">Ends loading.</param>
    /// <exception cref="FlashReadException">A weight could not be read.</exception>
    /// <exception cref="ModelChangedException">A file was changed since its description was read.</exception>
    internal static async Task<DraftModel> LoadAsync(DraftFile file, BudgetSheet sheet, DraftShape shape, ComputeCrew crew,
        AlignedBuffer staging, IProgress<LoadProgress>? progress, CancellationToken ct)
    {
        DraftModel model = new(file.Spec, shape.Vocabulary, shape.Sequences);
        try
        {
            await model.ReadAsync(file, sheet, shape, crew, staging, progress, ct);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>On the compute thread, while it would wait: some work for a sequence that wants guesses, about a layer.</summary>
    /// <returns>Whether there was any.</returns>
    internal bool Step()
    {
        for (int i = 0; _working is null && i < _seats.Length; i++)
        {
            _turn = (_turn + 1) % _seats.Length;
            Begin(_seats[_turn]);
        }

        if (_working is null)
        {
            return false;
        }

        Advance();
        return true;
    }

    /// <summary>Ends the work that was begun, so that every seat's tokens are those that its state stands behind.</summary>
    internal void Settle()
    {
        while (_working is not null)
        {
            Advance();
        }
    }

    /// <summary>Reads what a sequence wants next, at once.</summary>
    /// <returns>Whether there was anything.</returns>
    internal bool Read(DraftSeat seat)
    {
        Settle();
        Begin(seat);
        bool reads = _working is not null;
        Settle();
        return reads;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        for (int i = _owned.Count - 1; i >= 0; i--)
        {
            _owned[i].Dispose();
        }

        _owned.Clear();
    }

    private async Task ReadAsync(DraftFile file, BudgetSheet sheet, DraftShape shape, ComputeCrew crew, AlignedBuffer staging,
        IProgress<LoadProgress>? progress, CancellationToken ct)
    {
        using FlashDevice device = FlashDevice.Open(file.Files);
        using FlashReader reader = new(device, Readers);
        BudgetAccount weights = sheet.Account(AccountNames.DraftWeights);
        AlignedBuffer small = Own(WeightLoader.LoadSmall(_spec, reader, staging, weights));
        TileMap tiles = TileMap.Create(_spec, long.MaxValue); // a tile for each matrix
        _pinned = Own(await WeightLoader.LoadPinnedAsync(tiles, [.. tiles.Tiles.Select(_ => true)], reader, weights, progress, ct));
        _head = tiles.Tiles[tiles.HeadTile];
        if (file.HasTable)
        {
            Extent table = _spec.TokenEmbedding.Extent;
            _table = Own(weights.Allocate(ExtentWindow.MostBytes(table.Length)));
            reader.ReadNow(table, _table.Address, out nint first);
            _tableOffset = first - _table.Address;
        }

        _work = Own(Workspace.Create(_spec, Batch, 1, crew.Threads, sheet.Account(AccountNames.DraftActivations)));
        BudgetAccount kept = sheet.Account(AccountNames.DraftState);
        KvPages pages = Own(new KvPages(new PageLayout(_spec, shape.KvType), _seats.Length * PageLayout.Pages(shape.Context), kept));
        for (int i = 0; i < _seats.Length; i++)
        {
            SequenceState state = new(_spec, shape.Context, pages, kept, snapshots: 1);
            _seats[i] = new DraftSeat(this, Own(state), _spec.Vocabulary);
        }

        _decoder = new Decoder(_spec, tiles, new ResidentTiles(_pinned), crew, _work, small,
            RopeTables.Create(_spec, small, shape.RopeContext), shape.Activations);
    }

    private void Begin(DraftSeat seat)
    {
        _count = seat.Wanted(_tokens);
        if (_count == 0)
        {
            return;
        }

        (_working, _layer) = (seat, 0);
        for (int r = 0; r < _count; r++)
        {
            _rows[r] = new PassRow(seat.State, _tokens[r], seat.Count + r);
        }
    }

    private void Advance()
    {
        DraftSeat seat = _working!;
        try
        {
            if (_layer == 0)
            {
                Embed();
            }

            if (_layer < _spec.Layers.Count)
            {
                _decoder.RunLayer(_layer++);
                return;
            }

            _working = null;
            if (seat.EndRead(_tokens.AsSpan(0, _count)))
            {
                _decoder.Head(_count - 1, 1);
                seat.Draw(_work.LogitsRow(0, _vocabulary));
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _working = null;
            seat.Fail(e);
        }
    }

    /// <summary>A pass over the rows begins with their embeddings.</summary>
    private void Embed()
    {
        TensorInfo table = _spec.TokenEmbedding;
        int bytes = checked((int)table.RowBytes);
        for (int r = 0; r < _count; r++)
        {
            long at = _tokens[r] * (long)bytes;
            ReadOnlySpan<byte> row = _table is { } own ? own.Bytes(_tableOffset + at, bytes) : _pinned.Bytes(_head, at, bytes);
            Dequantize.Row(table.Type, row, _decoder.InputRow(r));
        }

        _decoder.Begin(_rows, _count, fromEmbeddings: true);
    }

    private T Own<T>(T part)
        where T : IDisposable
    {
        _owned.Add(part);
        return part;
    }

    /// <summary>Every tile is there.</summary>
    private sealed class ResidentTiles(PinnedTiles pinned) : ITileSource
    {
        public nint Acquire(in Tile tile) => pinned.Payload(tile.Index);

        public void Release(in Tile tile)
        {
        }

        public bool IsHeld(in Tile tile) => true;
    }
}
