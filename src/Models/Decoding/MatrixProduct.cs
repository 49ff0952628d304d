using LayerStream.Kernels;
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
    private FloatRows _input;
    private int _columns;
    private PreparedRows _prepared;
    private bool _isPrepared;

    internal MatrixProduct(PassContext pass, TileMap tiles, ITileSource source, ActivationMode mode)
    {
        (_pass, _tiles, _source, _mode) = (pass, tiles, source, mode);
        _prepareJob = new RangeJob(PrepareRows);
    }

    internal void Multiply(WeightMatrix matrix, FloatRows input, FloatRows output, bool sameInput)
    {
        ActivationLayout layout = MatMul.LayoutFor(matrix.Tensor.Type, _mode);
        if (!sameInput || !_isPrepared || layout != _prepared.Layout)
        {
            (_input, _columns, _isPrepared) = (input, matrix.Columns, true);
            _prepared = new PreparedRows(layout, _pass.Work.Prepared.Address, MatMul.RowBytes(layout, matrix.Columns), _pass.Count);
            _pass.Crew.Run(_prepareJob, _pass.Count, 1);
        }

        _multiply.Activations = _prepared;
        int last = _tiles.FirstTile(matrix.Id + 1);
        for (int t = _tiles.FirstTile(matrix.Id); t < last; t++)
        {
            Tile tile = _tiles.Tiles[t];
            _multiply.Weights = new WeightRows(matrix.Tensor.Type, _source.Acquire(tile), matrix.Columns);
            _multiply.Output = output.FromColumn(tile.RowBegin);
            int rows = tile.RowEnd - tile.RowBegin;
            _pass.Crew.Run(_multiply, rows, _pass.RowGrain(rows));
            _source.Release(tile);
        }

        if (matrix.Scale is not null || matrix.Biases.Count > 0)
        {
            Finish(matrix, output);
        }
    }

    private void Finish(WeightMatrix matrix, FloatRows output)
    {
        for (int r = 0; r < _pass.Count; r++)
        {
            if (matrix.Scale is { } scale)
            {
                VectorOps.Scale(output[r], matrix.Rows, _pass.Value(scale));
            }

            for (int b = 0; b < matrix.Biases.Count; b++)
            {
                RowBias bias = matrix.Biases[b];
                VectorOps.Add(output.At(r, bias.FirstRow), _pass.Address(bias.Weight), bias.Weight.Count);
            }
        }
    }

    private void PrepareRows(int begin, int end, int worker)
    {
        for (int r = begin; r < end; r++)
        {
            MatMul.Prepare(_prepared.Layout, _input[r], _columns, _prepared[r]);
        }
    }
}
