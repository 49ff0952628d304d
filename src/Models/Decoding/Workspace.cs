using LayerStream.Kernels;
using LayerStream.Memory;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Decoding;

/// <summary>Activations of one pass, allocated once: every buffer is [batch × width] floats, rows 64-byte aligned.</summary>
public sealed class Workspace : IDisposable
{
    private readonly AlignedBuffer _buffer;
    private readonly long[] _ropeOffset;
    private readonly FloatRows _rope;
    private readonly FloatRows _scratch;

    private Workspace(ModelSpec spec, int batch, int logitRows, int threads, BudgetAccount account)
    {
        (Batch, LogitRows) = (batch, logitRows);
        Shape shape = new(spec);
        _buffer = account.Allocate(Bytes(spec, batch, logitRows, threads));
        nint next = _buffer.Address;
        FloatRows Take(long strideFloats, int rows)
        {
            FloatRows taken = new(next, strideFloats);
            next += checked((nint)(strideFloats * sizeof(float) * rows));
            return taken;
        }

        _ropeOffset = shape.RopeOffset;
        Stream = Take(shape.Stream, batch);
        Normed = Take(shape.Stream, batch);
        Delta = Take(shape.Stream, batch);
        Inner = Take(shape.Inner, batch);
        Prepared = Take(shape.Prepared, batch);
        _rope = Take(shape.Rope, batch);
        LayerInputs = Take(shape.LayerInputs, batch);
        _scratch = Take(shape.Scratch, threads);
        Logits = Take(shape.Logits, logitRows);
    }

    public int Batch { get; }

    public int LogitRows { get; }

    /// <summary>Residual stream.</summary>
    internal FloatRows Stream { get; }

    /// <summary>Input of a branch behind its norm.</summary>
    internal FloatRows Normed { get; }

    /// <summary>Output of a branch.</summary>
    internal FloatRows Delta { get; }

    /// <summary>Intermediate results of the branch that runs, laid out by it.</summary>
    internal FloatRows Inner { get; }

    /// <summary>Room for rows prepared for products.</summary>
    internal FloatRows Prepared { get; }

    internal FloatRows Logits { get; }

    /// <summary>Inputs of all layers, in models that have them.</summary>
    internal FloatRows LayerInputs { get; }

    /// <summary>Bytes a workspace of this shape takes.</summary>
    public static long Bytes(ModelSpec spec, int batch, int logitRows, int threads)
    {
        Shape shape = new(spec);
        return checked((shape.BytesPerRow * batch) + (shape.Scratch * 4 * threads) + (shape.Logits * 4 * logitRows) + 4096);
    }

    /// <summary>Bytes one more row of a batch takes.</summary>
    public static long BytesPerRow(ModelSpec spec) => new Shape(spec).BytesPerRow;

    /// <summary>Allocates the buffers.</summary>
    public static Workspace Create(ModelSpec spec, int batch, int logitRows, int threads, BudgetAccount account) =>
        new(spec, batch, logitRows, threads, account);

    /// <summary>Logits of one row of the last pass; valid until the next pass.</summary>
    public Span<float> LogitsRow(int row, int vocabulary) => Floats(Logits[row], vocabulary);

    /// <summary>Row behind a norm.</summary>
    internal Span<float> NormedRow(int row, int width) => Floats(Normed[row], width);

    /// <summary>Row of the residual stream, to be filled with the embedding.</summary>
    internal Span<float> StreamRow(int row, int width) => Floats(Stream[row], width);

    /// <summary>Row of layer inputs.</summary>
    internal Span<float> LayerInputRow(int row, int width) => Floats(LayerInputs[row], width);

    /// <summary>Makes a row the copy of another between two layers: its residual stream, rotations and layer inputs.</summary>
    internal void MoveRow(int from, int to)
    {
        CopyRow(Stream, from, to);
        CopyRow(_rope, from, to);
        CopyRow(LayerInputs, from, to);
    }

    private void CopyRow(FloatRows rows, int from, int to) =>
        Floats(rows[from], (int)rows.Stride).CopyTo(Floats(rows[to], (int)rows.Stride));

    /// <summary>A row's rotation factors of one table.</summary>
    internal Span<float> RopeRow(int row, int table, int dimensions) =>
        Floats(RopeAddress(row, table), dimensions);

    internal nint RopeAddress(int row, int table) => _rope.At(row, _ropeOffset[table]);

    /// <summary>
    /// Intermediate results taken by regions instead of by rows: the region that begins behind [batch × offset] floats, where offset is a
    /// multiple of a cache line and a branch's regions together are [batch × <see cref="BranchSpec.RowFloats"/>].
    /// </summary>
    /// <param name="offset">Where it begins.</param>
    /// <param name="stride">Floats of a row.</param>
    internal FloatRows Region(long offset, long stride) => new(Inner.At(0, Batch * offset), stride);

    /// <summary>Floats at an address of this workspace.</summary>
    internal Span<float> Floats(nint address, int n) => _buffer.Floats(address - _buffer.Address, n);

    /// <summary>Scratch of one thread.</summary>
    internal nint ScratchOf(int worker) => _scratch[worker];

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    /// <summary>Strides of all buffers in floats, each a multiple of a cache line.</summary>
    private readonly struct Shape
    {
        public Shape(ModelSpec spec)
        {
            BranchSpec[] bodies = [.. spec.Layers.SelectMany(l => l.Branches).Select(b => b.Body)];
            int layerInputs = spec.LayerInputs?.RowWidth ?? 0, widest = Math.Max(spec.Width, bodies.Max(b => b.WidestInput));
            Stream = RowRoom.CacheLines(spec.Width);
            Inner = RowRoom.CacheLines(Math.Max(layerInputs, bodies.Max(b => b.RowFloats)));
            Prepared = RowRoom.Prepared(widest);
            LayerInputs = RowRoom.CacheLines(layerInputs);
            Scratch = RowRoom.CacheLines(bodies.Max(b => b.ThreadFloats));
            Logits = RowRoom.CacheLines(spec.Vocabulary);
            RopeOffset = new long[spec.Ropes.Count];
            long rope = 0;
            for (int t = 0; t < spec.Ropes.Count; t++)
            {
                RopeOffset[t] = rope;
                rope += RowRoom.CacheLines(spec.Ropes[t].Dimensions);
            }

            Rope = rope;
        }

        public long Stream { get; }

        public long Inner { get; }

        public long Prepared { get; }

        public long LayerInputs { get; }

        public long Scratch { get; }

        public long Logits { get; }

        public long Rope { get; }

        public long[] RopeOffset { get; }

        public long BytesPerRow => checked(((3 * Stream) + Inner + Prepared + Rope + LayerInputs) * 4);
    }
}
