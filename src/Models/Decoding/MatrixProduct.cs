using LayerStream.Formats;
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
            Prepare(layout, input, matrix.Columns);
        }

        _multiply.Activations = _prepared;
        int last = _tiles.FirstTile(matrix.Id + 1);
        for (int t = _tiles.FirstTile(matrix.Id); t < last; t++)
        {
            Tile tile = _tiles.Tiles[t];
            WeightRows rows = new(matrix.Tensor.Type, _source.Acquire(tile), matrix.Columns);
            MultiplyRows(rows, tile.RowEnd - tile.RowBegin, output.FromColumn(tile.RowBegin));
            _source.Release(tile);
        }

        Finish(matrix, output);
    }

    /// <summary>The same with a copy of the matrix's rows, and inputs of 8 bits: for guesses.</summary>
    internal void MultiplyCopy(WeightMatrix matrix, TensorType type, nint copy, FloatRows input, FloatRows output)
    {
        Prepare(MatMul.LayoutFor(type, ActivationMode.Int8), input, matrix.Columns);
        _multiply.Activations = _prepared;
        MultiplyRows(new WeightRows(type, copy, matrix.Columns), matrix.Rows, output);
        Finish(matrix, output);
    }

    private void Prepare(ActivationLayout layout, FloatRows input, int columns)
    {
        (_input, _columns, _isPrepared) = (input, columns, true);
        _prepared = new PreparedRows(layout, _pass.Work.Prepared.Address, MatMul.RowBytes(layout, columns), _pass.Count);
        _pass.Crew.Run(_prepareJob, _pass.Count, 1);
    }

    private void MultiplyRows(in WeightRows weights, int rows, FloatRows output)
    {
        (_multiply.Weights, _multiply.Output) = (weights, output);
        _pass.Crew.Run(_multiply, rows, _pass.RowGrain(rows));
    }

    private void Finish(WeightMatrix matrix, FloatRows output)
    {
        for (int r = 0; r < _pass.Count && (matrix.Scale is not null || matrix.Biases.Count > 0); r++)
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
