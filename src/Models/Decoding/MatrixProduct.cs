using LayerStream.Kernels.Ops;
using LayerStream.Kernels.Quants;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Models.Spec;
using LayerStream.Models.Tiles;

namespace LayerStream.Models.Decoding;

/// <summary>
/// Streams a matrix past all rows of a pass: every tile is used for all rows before it is spent, and every output is summed in
/// the same order whatever the batch, so that a batch gives the bits of single rows.
/// </summary>
internal sealed class MatrixProduct
{
    private readonly PassContext _pass;
    private readonly TileMap _tiles;
    private readonly ITileSource _source;
    private readonly ActivationMode _mode;
    private readonly MatMulJob _multiply = new();
    private readonly RangeJob _prepareJob;
    private nint _input;
    private long _inputStride;
    private int _columns;
    private ActivationLayout _layout;
    private bool _isPrepared;

    internal MatrixProduct(PassContext pass, TileMap tiles, ITileSource source, ActivationMode mode)
    {
        (_pass, _tiles, _source, _mode) = (pass, tiles, source, mode);
        _prepareJob = new RangeJob(PrepareRows);
    }

    internal void Multiply(WeightMatrix matrix, nint input, long inputStride, nint output, long outputStride, bool sameInput)
    {
        Workspace work = _pass.Work;
        ActivationLayout layout = MatMul.LayoutFor(matrix.Tensor.Type, _mode);
        if (!sameInput || !_isPrepared || layout != _layout)
        {
            (_layout, _input, _inputStride, _columns, _isPrepared) = (layout, input, inputStride, matrix.Columns, true);
            _pass.Crew.Run(_prepareJob, _pass.Count, 1);
        }

        _multiply.Type = matrix.Tensor.Type;
        _multiply.Columns = matrix.Columns;
        _multiply.Layout = layout;
        _multiply.Activations = work.Prepared;
        _multiply.ActivationStride = work.PreparedStride;
        _multiply.Tokens = _pass.Count;
        _multiply.OutputStride = outputStride;
        int last = _tiles.FirstTile(matrix.Id + 1);
        for (int t = _tiles.FirstTile(matrix.Id); t < last; t++)
        {
            Tile tile = _tiles.Tiles[t];
            _multiply.Weights = _source.Acquire(tile);
            _multiply.Output = output + (nint)(tile.RowBegin * 4L);
            int rows = tile.RowEnd - tile.RowBegin;
            _pass.Crew.Run(_multiply, rows, _pass.RowGrain(rows));
            _source.Release(tile);
        }

        if (matrix.Scale is not null || matrix.Biases.Count > 0)
        {
            Finish(matrix, output, outputStride);
        }
    }

    private void Finish(WeightMatrix matrix, nint output, long stride)
    {
        for (int r = 0; r < _pass.Count; r++)
        {
            nint row = output + (nint)(r * stride * 4);
            if (matrix.Scale is { } scale)
            {
                VectorOps.Scale(row, matrix.Rows, _pass.Value(scale));
            }

            for (int b = 0; b < matrix.Biases.Count; b++)
            {
                RowBias bias = matrix.Biases[b];
                VectorOps.Add(row + (nint)(bias.FirstRow * 4L), _pass.Address(bias.Weight), bias.Weight.Count);
            }
        }
    }

    private void PrepareRows(int begin, int end, int worker)
    {
        for (int r = begin; r < end; r++)
        {
            MatMul.Prepare(_layout, _input + (nint)(r * _inputStride * 4), _columns,
                _pass.Work.Prepared + (nint)(r * _pass.Work.PreparedStride));
        }
    }
}
