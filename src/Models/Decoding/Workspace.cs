using LayerStream.Memory;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Decoding;

/// <summary>Activations of one pass, allocated once: every buffer is [batch × width] floats, rows 64-byte aligned. Strides in floats unless
/// said.</summary>
public sealed class Workspace : IDisposable
{
    private readonly AlignedBuffer _buffer;
    private readonly long[] _ropeOffset;
    private readonly long _ropeStride;
    private readonly long _layerInputStride;
    private readonly nint _rope;
    private readonly nint _layerInputs;
    private readonly nint _scratch;
    private readonly long _scratchStride;

    private Workspace(ModelSpec spec, int batch, int logitRows, int threads, BudgetAccount account)
    {
        (Batch, LogitRows) = (batch, logitRows);
        Shape shape = new(spec);
        _buffer = account.Allocate(Bytes(spec, batch, logitRows, threads));
        nint next = _buffer.Address;
        nint Take(long strideFloats, int rows)
        {
            nint at = next;
            next += checked((nint)(strideFloats * 4 * rows));
            return at;
        }

        (StreamStride, InnerStride, PreparedStride, LogitStride) = (shape.Stream, shape.Inner, shape.Prepared * 4, shape.Logits);
        (_ropeStride, _layerInputStride, _scratchStride, _ropeOffset) = (shape.Rope, shape.LayerInputs, shape.Scratch, shape.RopeOffset);
        Stream = Take(shape.Stream, batch);
        Normed = Take(shape.Stream, batch);
        Delta = Take(shape.Stream, batch);
        Inner = Take(shape.Inner, batch);
        Prepared = Take(shape.Prepared, batch);
        _rope = Take(shape.Rope, batch);
        _layerInputs = Take(shape.LayerInputs, batch);
        _scratch = Take(shape.Scratch, threads);
        Logits = Take(shape.Logits, logitRows);
    }

    public int Batch { get; }

    public int LogitRows { get; }

    /// <summary>Residual stream.</summary>
    internal nint Stream { get; }

    /// <summary>Input of a branch behind its norm.</summary>
    internal nint Normed { get; }

    /// <summary>Output of a branch.</summary>
    internal nint Delta { get; }

    /// <summary>Intermediate results of the branch that runs, laid out by it.</summary>
    internal nint Inner { get; }

    /// <summary>Rows prepared for products.</summary>
    internal nint Prepared { get; }

    internal nint Logits { get; }

    /// <summary>Of stream, normed and delta.</summary>
    internal long StreamStride { get; }

    internal long InnerStride { get; }

    /// <summary>In bytes.</summary>
    internal long PreparedStride { get; }

    internal long LogitStride { get; }

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
    public Span<float> LogitsRow(int row, int vocabulary) => _buffer.Floats(Logits - _buffer.Address + (row * LogitStride * 4), vocabulary);

    /// <summary>Row behind a norm.</summary>
    internal Span<float> NormedRow(int row, int width) => _buffer.Floats(Normed - _buffer.Address + (row * StreamStride * 4), width);

    /// <summary>Row of the residual stream, to be filled with the embedding.</summary>
    internal Span<float> StreamRow(int row, int width) => _buffer.Floats(Stream - _buffer.Address + (row * StreamStride * 4), width);

    /// <summary>Row of layer inputs.</summary>
    internal Span<float> LayerInputRow(int row, int width) =>
        _buffer.Floats(_layerInputs - _buffer.Address + (row * _layerInputStride * 4), width);

    /// <summary>Makes a row the copy of another between two layers: its residual stream, rotations and layer inputs.</summary>
    internal void MoveRow(int from, int to)
    {
        CopyRow(Stream, StreamStride, from, to);
        CopyRow(_rope, _ropeStride, from, to);
        CopyRow(_layerInputs, _layerInputStride, from, to);
    }

    private void CopyRow(nint rows, long stride, int from, int to)
    {
        nint offset = rows - _buffer.Address;
        _buffer.Floats(offset + (nint)(from * stride * 4), (int)stride)
            .CopyTo(_buffer.Floats(offset + (nint)(to * stride * 4), (int)stride));
    }

    /// <summary>A row's rotation factors of one table.</summary>
    internal Span<float> RopeRow(int row, int table, int dimensions) =>
        _buffer.Floats(RopeAddress(row, table) - _buffer.Address, dimensions);

    internal nint RopeAddress(int row, int table) => _rope + (nint)(((row * _ropeStride) + _ropeOffset[table]) * 4);

    internal nint LayerInputAddress(int row, long offset) => _layerInputs + (nint)(((row * _layerInputStride) + offset) * 4);

    /// <summary>
    /// Intermediate results taken by regions instead of by rows: the region that begins behind [batch × offset] floats, where offset is a
    /// multiple of a cache line and a branch's regions together are [batch × <see cref="BranchSpec.RowFloats"/>].
    /// </summary>
    internal nint Region(long offset) => Inner + (nint)(Batch * offset * 4);

    /// <summary>Floats at an address of this workspace.</summary>
    internal Span<float> Floats(nint address, int n) => _buffer.Floats(address - _buffer.Address, n);

    /// <summary>Address in a row of intermediate results; the offset is in floats.</summary>
    internal nint InnerRow(int row, long offset) => Inner + (nint)(((row * InnerStride) + offset) * 4);

    /// <summary>Scratch of one thread.</summary>
    internal nint ScratchOf(int worker) => _scratch + (nint)(worker * _scratchStride * 4);

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
