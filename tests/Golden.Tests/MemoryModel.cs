using LayerStream.Formats;
using LayerStream.Kernels.Crew;
using LayerStream.Kernels.Ops;
using LayerStream.Kernels.Quants;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Memory;
using LayerStream.Models.Building;
using LayerStream.Models.Decoding;
using LayerStream.Models.Spec;
using LayerStream.Models.Tiles;

namespace LayerStream.Golden.Tests;

/// <summary>A decoder over a one-file model that lies in memory as a whole, experts included; one sequence.</summary>
internal sealed class MemoryModel : ITileSource, IDisposable
{
    /// <summary>An order of experts that stands for having none.</summary>
    internal const int NoExperts = -1;

    private const int Batch = 64;
    private readonly PassRow[] _rows = new PassRow[Batch];
    private readonly AlignedBuffer _file;
    private readonly AlignedBuffer _small;
    private readonly Workspace _work;
    private readonly KvPages _pages;
    private readonly SequenceState _sequence;
    private readonly ComputeCrew _crew;
    private readonly Decoder _decoder;
    private readonly TileMap _tiles;
    private int _next;

    internal MemoryModel(string path, int context, KvType kv, ActivationMode mode, int threads = 1, int expertOrder = 0,
        long tileBytes = 4096,
        int expertsPerToken = 0, float coldShare = 0)
    {
        Spec = ModelSpecBuilder.Build(GgufModel.Open(path));
        Spec = expertsPerToken > 0 ? FewerExperts.Apply(Spec, expertsPerToken) : Spec;
        byte[] bytes = File.ReadAllBytes(path);
        _file = new BudgetAccount("model", long.MaxValue).Allocate(bytes.Length);
        bytes.CopyTo(_file.Bytes(0, bytes.Length));
        _small = new BudgetAccount("norms and biases", long.MaxValue).Allocate(Math.Max(4096, Spec.SmallWeightBytes));
        foreach (SmallWeight weight in Spec.SmallWeights)
        {
            Dequantize.Row(weight.Tensor.Type, Bytes(weight.Tensor.Extent), _small.Floats(weight.ByteOffset, weight.Count));
        }

        TileMap tiles = _tiles = TileMap.Create(Spec, tileBytes);
        _work = Workspace.Create(Spec, Batch, Batch, threads, new BudgetAccount("test", long.MaxValue));
        BudgetAccount account = new("test", long.MaxValue);
        _pages = new KvPages(new PageLayout(Spec, kv), PageLayout.Pages(context), account);
        _sequence = new SequenceState(Spec, context, _pages, account);
        _crew = new ComputeCrew(threads);
        Experts = new MemoryExperts(Spec.ExpertBanks, _file.Address, expertOrder);
        _decoder = new Decoder(Spec, tiles, this, _crew, _work, _small, RopeTables.Create(Spec, _small, context), mode,
            expertOrder == NoExperts ? null : Experts, coldShare);
    }

    internal ModelSpec Spec { get; }

    internal MemoryExperts Experts { get; }

    internal RouteObserver? Routes
    {
        set => _decoder.Routes = value;
    }

    internal Decoder Decoder => _decoder;

    /// <summary>Takes some ids of a sequence through the model and appends the logits of each to a list.</summary>
    internal void Run(IReadOnlyList<int> ids, int position, List<float[]> logits)
    {
        for (int first = 0; first < ids.Count; first += Batch)
        {
            int count = Math.Min(Batch, ids.Count - first);
            for (int r = 0; r < count; r++)
            {
                Place(r, ids[first + r], position + first + r);
            }

            Pass(count);
            for (int r = 0; r < count; r++)
            {
                logits.Add(_work.LogitsRow(r, Spec.Vocabulary).ToArray());
            }
        }
    }

    /// <summary>Logits of every id of a sequence, taken in pieces of the given lengths, then one by one.</summary>
    internal List<float[]> Run(IReadOnlyList<int> ids, params int[] pieces)
    {
        List<float[]> logits = [];
        for (int at = 0, piece = 0; at < ids.Count; piece++)
        {
            int count = Math.Min(ids.Count - at, piece < pieces.Length ? pieces[piece] : 1);
            Run([.. ids.Skip(at).Take(count)], at, logits);
            at += count;
        }

        return logits;
    }

    /// <summary>Takes some ids through the layers in front of <paramref name="cut"/>, and the rows from there through those of another
    /// model, which appends the logits of each.</summary>
    internal void Run(MemoryModel behind, int cut, IReadOnlyList<int> ids, int position, List<float[]> logits)
    {
        _next = 0;
        for (int r = 0; r < ids.Count; r++)
        {
            Place(r, ids[r], position + r);
        }

        _decoder.RunLayers(_rows, ids.Count, 0, cut);
        for (int r = 0; r < ids.Count; r++)
        {
            behind._rows[r] = new PassRow(behind._sequence, ids[r], position + r);
            _decoder.InputRow(r).CopyTo(behind._decoder.InputRow(r));
        }

        behind._next = behind._tiles.FirstTile(Spec.Matrices.First(m => m.Layer >= cut).Id);
        behind._decoder.RunLayers(behind._rows, ids.Count, cut, Spec.Layers.Count);
        behind._decoder.Head(0, ids.Count);
        for (int r = 0; r < ids.Count; r++)
        {
            logits.Add(behind._work.LogitsRow(r, Spec.Vocabulary).ToArray());
        }
    }

    /// <summary>Takes one id through the model.</summary>
    internal void Step(int id, int position)
    {
        Place(0, id, position);
        Pass(1);
    }

    public nint Acquire(in Tile tile)
    {
        // Behind the plan stands a reader that runs ahead: tiles must be asked for in its order.
        if (tile.Index != _next++)
        {
            throw new InvalidOperationException($"tile {tile.Index} was asked for where {_next - 1} comes");
        }

        return _file.Address + (nint)tile.Extent.Offset;
    }

    public void Release(in Tile tile)
    {
    }

    public void Dispose()
    {
        _crew.Dispose();
        _sequence.Dispose();
        _pages.Dispose();
        _work.Dispose();
        _small.Dispose();
        _file.Dispose();
    }

    private void Place(int row, int id, int position)
    {
        _rows[row] = new PassRow(_sequence, id, position);
        Row(Spec.TokenEmbedding, id, _decoder.InputRow(row));
        if (Spec.LayerInputs is { } inputs)
        {
            Row(inputs.Table, id, _decoder.LayerInputRow(row));
        }
    }

    private void Pass(int count)
    {
        _next = 0;
        _decoder.RunLayers(_rows, count, 0, Spec.Layers.Count);
        _decoder.Head(0, count);
    }

    private Span<byte> Bytes(Extent extent) => _file.Bytes(extent.Offset, (int)extent.Length);

    private void Row(TensorInfo table, int row, Span<float> destination) =>
        Dequantize.Row(table.Type, _file.Bytes(table.Extent.Offset + (row * table.RowBytes), (int)table.RowBytes), destination);
}
