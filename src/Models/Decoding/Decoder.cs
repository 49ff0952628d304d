using LayerStream.Kernels;
using LayerStream.Memory;

namespace LayerStream.Models;

/// <summary>
/// The one decoder pass: rows in, hidden state through layers a…b, logits out. Every tile is used for all rows before it is
/// spent, and every output is summed in the same order whatever the batch, so that a batch gives the bits of single rows.
/// </summary>
public sealed class Decoder
{
    private readonly ModelSpec _spec;
    private readonly TileMap _tiles;
    private readonly ITileSource _source;
    private readonly ComputeCrew _crew;
    private readonly Workspace _work;
    private readonly AlignedBuffer _small;
    private readonly RopeTable _rope;
    private readonly ActivationMode _mode;
    private readonly MatMulJob _multiply = new();
    private readonly RangeJob _normJob;
    private readonly RangeJob _addJob;
    private readonly RangeJob _prepareJob;
    private readonly RangeJob _attentionInputJob;
    private readonly RangeJob _attentionJob;
    private readonly RangeJob _activateJob;
    private PassRow[] _rows = [];
    private int _count;
    private LayerSpec _layer = null!;
    private nint _normInput, _normOutput, _normWeight, _addDelta, _prepareInput;
    private long _addStride, _prepareStride;
    private int _prepareColumns;
    private ActivationLayout _layout;
    private bool _isPrepared;

    /// <summary>Binds a model to its buffers.</summary>
    /// <param name="smallWeights">The small weights, laid out as <see cref="ModelSpec.SmallWeights"/> says.</param>
    public Decoder(ModelSpec spec, TileMap tiles, ITileSource source, ComputeCrew crew, Workspace work, AlignedBuffer smallWeights, RopeTable rope, ActivationMode mode)
    {
        (_spec, _tiles, _source, _crew, _work, _small, _rope, _mode) = (spec, tiles, source, crew, work, smallWeights, rope, mode);
        _normJob = new RangeJob(NormRows);
        _addJob = new RangeJob(AddRows);
        _prepareJob = new RangeJob(PrepareRows);
        _attentionInputJob = new RangeJob(AttentionInputRows);
        _attentionJob = new RangeJob(AttentionRows);
        _activateJob = new RangeJob(ActivateRows);
    }

    /// <summary>Row of the residual stream to fill with a token's embedding before <see cref="RunLayers"/>.</summary>
    public Span<float> InputRow(int row) => _work.StreamRow(row, _spec.Width);

    /// <summary>Runs layers [from, to) over rows whose residual stream is in place; extends each row's sequence by its position.</summary>
    public void RunLayers(PassRow[] rows, int count, int from, int to)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _work.Batch);
        (_rows, _count) = (rows, count);
        for (int r = 0; r < count; r++)
        {
            _rope.Prepare(rows[r].Position, _work.RopeRow(r, _spec.Rope.Dimensions));
        }

        for (int i = from; i < to; i++)
        {
            _layer = _spec.Layers[i];
            Mix();
            FeedForward();
        }
    }

    /// <summary>Final norm and head for rows [first, first + n) of the last <see cref="RunLayers"/>; logits land in the workspace rows 0…n−1.</summary>
    public void Head(int first, int n)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(n, _work.LogitRows);
        nint offset = (nint)(first * _work.StreamStride * 4);
        int count = _count;
        _count = n;
        Norm(_work.Stream + offset, _work.Normed, _spec.OutputNorm);
        Multiply(_spec.Head, _work.Normed, _work.StreamStride, _work.Logits, _work.LogitStride);
        _count = count;
    }

    private void Mix()
    {
        Norm(_work.Stream, _work.Normed, _layer.AttentionNorm);
        int k = _layer.Heads * _layer.KeyDim, v = k + (_layer.KvHeads * _layer.KeyDim);
        if (_layer.Qkv is { } fused)
        {
            Multiply(fused, _work.Normed, _work.StreamStride, _work.Qkv, _work.QkvStride);
        }
        else
        {
            Multiply(_layer.Query!, _work.Normed, _work.StreamStride, _work.Qkv, _work.QkvStride);
            Multiply(_layer.Key!, _work.Normed, _work.StreamStride, _work.Qkv + (k * 4), _work.QkvStride, keepPrepared: true);
            Multiply(_layer.Value!, _work.Normed, _work.StreamStride, _work.Qkv + (v * 4), _work.QkvStride, keepPrepared: true);
        }

        _crew.Run(_attentionInputJob, _count, 1);
        _crew.Run(_attentionJob, _count * _layer.KvHeads, 1);
        Multiply(_layer.AttentionOutput, _work.Mixed, _work.MixedStride, _work.Normed, _work.StreamStride);
        AddToStream(_work.Normed, _work.StreamStride);
    }

    private void FeedForward()
    {
        Norm(_work.Stream, _work.Normed, _layer.FfnNorm);
        if (_layer.Gate is { } gate)
        {
            Multiply(gate, _work.Normed, _work.StreamStride, _work.GateUp, _work.GateUpStride);
            Multiply(_layer.Up, _work.Normed, _work.StreamStride, _work.GateUp + (_layer.FfnWidth * 4), _work.GateUpStride, keepPrepared: true);
        }
        else
        {
            Multiply(_layer.Up, _work.Normed, _work.StreamStride, _work.GateUp, _work.GateUpStride);
        }

        _crew.Run(_activateJob, _count, 1);
        Multiply(_layer.Down, _work.Inner, _work.InnerStride, _work.Normed, _work.StreamStride);
        AddToStream(_work.Normed, _work.StreamStride);
    }

    private void Norm(nint input, nint output, SmallWeight weight)
    {
        (_normInput, _normOutput, _normWeight) = (input, output, Address(weight));
        _crew.Run(_normJob, _count, 1);
    }

    private void AddToStream(nint delta, long stride)
    {
        (_addDelta, _addStride) = (delta, stride);
        _crew.Run(_addJob, _count, 1);
    }

    private void Multiply(WeightMatrix matrix, nint input, long inputStride, nint output, long outputStride, bool keepPrepared = false)
    {
        ActivationLayout layout = MatMul.LayoutFor(matrix.Tensor.Type, _mode);
        if (!keepPrepared || !_isPrepared || layout != _layout)
        {
            (_layout, _prepareInput, _prepareStride, _prepareColumns, _isPrepared) = (layout, input, inputStride, matrix.Columns, true);
            _crew.Run(_prepareJob, _count, 1);
        }

        _multiply.Type = matrix.Tensor.Type;
        _multiply.Columns = matrix.Columns;
        _multiply.Layout = layout;
        _multiply.Activations = _work.Prepared;
        _multiply.ActivationStride = _work.PreparedStride;
        _multiply.Tokens = _count;
        _multiply.OutputStride = outputStride;
        int last = _tiles.FirstTile(matrix.Id + 1);
        for (int t = _tiles.FirstTile(matrix.Id); t < last; t++)
        {
            Tile tile = _tiles.Tiles[t];
            _multiply.Weights = _source.Acquire(tile);
            _multiply.Output = output + (tile.RowBegin * 4);
            int rows = tile.RowEnd - tile.RowBegin;
            _crew.Run(_multiply, rows, Math.Max(16, rows / (_crew.Threads * 4)));
            _source.Release(tile);
        }

        FinishOutput(matrix, output, outputStride);
    }

    private void FinishOutput(WeightMatrix matrix, nint output, long stride)
    {
        if (matrix.Scale is null && matrix.Bias is null)
        {
            return;
        }

        for (int r = 0; r < _count; r++)
        {
            nint row = output + (nint)(r * stride * 4);
            if (matrix.Scale is { } scale)
            {
                VectorOps.Scale(row, matrix.Rows, _small.Floats(scale.ByteOffset, 1)[0]);
            }

            if (matrix.Bias is { } bias)
            {
                VectorOps.Add(row, Address(bias), matrix.Rows);
            }
        }
    }

    private nint Address(SmallWeight weight) => _small.Address + (nint)weight.ByteOffset;

    private void NormRows(int begin, int end, int worker)
    {
        for (int r = begin; r < end; r++)
        {
            nint offset = (nint)(r * _work.StreamStride * 4);
            VectorOps.RmsNorm(_normInput + offset, _normWeight, _normOutput + offset, _spec.Width, _spec.Epsilon);
        }
    }

    private void AddRows(int begin, int end, int worker)
    {
        for (int r = begin; r < end; r++)
        {
            VectorOps.Add(_work.Stream + (nint)(r * _work.StreamStride * 4), _addDelta + (nint)(r * _addStride * 4), _spec.Width);
        }
    }

    private void PrepareRows(int begin, int end, int worker)
    {
        for (int r = begin; r < end; r++)
        {
            MatMul.Prepare(_layout, _prepareInput + (nint)(r * _prepareStride * 4), _prepareColumns, _work.Prepared + (nint)(r * _work.PreparedStride));
        }
    }

    /// <summary>Bias, head norm, rotation, and the write of K and V into the row's sequence.</summary>
    private void AttentionInputRows(int begin, int end, int worker)
    {
        LayerSpec l = _layer;
        for (int r = begin; r < end; r++)
        {
            nint q = _work.Qkv + (nint)(r * _work.QkvStride * 4);
            nint k = q + (l.Heads * l.KeyDim * 4), v = k + (l.KvHeads * l.KeyDim * 4);
            nint rotation = _work.Rope + (nint)(r * _work.RopeStride * 4);
            PrepareHeads(q, l.Heads, l.KeyDim, l.QueryBias, l.QueryNorm, rotation);
            PrepareHeads(k, l.KvHeads, l.KeyDim, l.KeyBias, l.KeyNorm, rotation);
            if (l.ValueBias is { } bias)
            {
                VectorOps.Add(v, Address(bias), l.KvHeads * l.ValueDim);
            }

            SequenceState s = _rows[r].Sequence;
            int keys = l.KvHeads * l.KeyDim, values = l.KvHeads * l.ValueDim, at = _rows[r].Position;
            Store(k, s.Keys(l.Index) + (nint)((long)at * keys * s.ElementBytes), keys, s.Type);
            Store(v, s.Values(l.Index) + (nint)((long)at * values * s.ElementBytes), values, s.Type);
        }
    }

    private void PrepareHeads(nint x, int heads, int dim, SmallWeight? bias, SmallWeight? norm, nint rotation)
    {
        if (bias is not null)
        {
            VectorOps.Add(x, Address(bias), heads * dim);
        }

        if (norm is not null)
        {
            for (int h = 0; h < heads; h++)
            {
                VectorOps.RmsNorm(x + (h * dim * 4), Address(norm), x + (h * dim * 4), dim, _spec.Epsilon);
            }
        }

        RopeTable.Apply(_spec.Architecture.Rope, x, heads, dim, rotation, _spec.Rope.Dimensions);
    }

    private static void Store(nint source, nint destination, int n, KvType type)
    {
        if (type == KvType.F16)
        {
            VectorOps.FloatToHalf(source, destination, n);
        }
        else
        {
            VectorOps.Copy(source, destination, n);
        }
    }

    private void AttentionRows(int begin, int end, int worker)
    {
        LayerSpec l = _layer;
        nint scratch = _work.Scratch + (nint)(worker * _work.ScratchStride);
        int group = l.Heads / l.KvHeads;
        for (int u = begin; u < end; u++)
        {
            int r = u / l.KvHeads, kv = u % l.KvHeads;
            PassRow row = _rows[r];
            SequenceState s = row.Sequence;
            nint keys = s.Keys(l.Index) + (kv * l.KeyDim * s.ElementBytes), values = s.Values(l.Index) + (kv * l.ValueDim * s.ElementBytes);
            nint query = _work.Qkv + (nint)(r * _work.QkvStride * 4) + (kv * group * l.KeyDim * 4);
            nint output = _work.Mixed + (nint)(r * _work.MixedStride * 4) + (kv * group * l.ValueDim * 4);
            Attention.Group(
                query, l.KeyDim, group, l.KeyDim, l.ValueDim, keys, (long)l.KvHeads * l.KeyDim * s.ElementBytes,
                values, (long)l.KvHeads * l.ValueDim * s.ElementBytes, s.Type, 0, row.Position + 1, l.AttentionScale,
                output, l.ValueDim, scratch);
        }
    }

    private void ActivateRows(int begin, int end, int worker)
    {
        for (int r = begin; r < end; r++)
        {
            nint gate = _work.GateUp + (nint)(r * _work.GateUpStride * 4);
            VectorOps.SiluMultiply(gate, gate + (_layer.FfnWidth * 4), _work.Inner + (nint)(r * _work.InnerStride * 4), _layer.FfnWidth);
        }
    }
}
