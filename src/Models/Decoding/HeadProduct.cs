using LayerStream.Kernels.Ops;
using LayerStream.Kernels.Quants;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Models.Spec;
using LayerStream.Models.Tiles;

namespace LayerStream.Models.Decoding;

/// <summary>Streams a stack of matrices, one for each head, past the heads of all rows of a pass; the counterpart of
/// <see cref="MatrixProduct"/>.</summary>
internal sealed class HeadProduct
{
    private readonly PassContext _pass;
    private readonly TileMap _tiles;
    private readonly ITileSource _source;
    private readonly RangeJob _prepareJob;
    private readonly RangeJob _multiplyJob;
    private WeightMatrix _matrix = null!;
    private ActivationLayout _layout;
    private HeadRows _input, _output;
    private int _rows;
    private int _tileRow;
    private nint _weights;

    internal HeadProduct(PassContext pass, TileMap tiles, ITileSource source)
    {
        (_pass, _tiles, _source) = (pass, tiles, source);
        _prepareJob = new RangeJob(PrepareHeads);
        _multiplyJob = new RangeJob(MultiplyRows);
    }

    /// <summary>output head h = (rows of head h) · input head h, for all rows of the pass and the heads of
    /// <paramref name="input"/>.</summary>
    internal void Multiply(WeightMatrix matrix, int heads, HeadRows input, HeadRows output)
    {
        (_matrix, _input, _output, _rows) = (matrix, input, output, matrix.Rows / heads);
        _layout = MatMul.LayoutFor(matrix.Tensor.Type, _pass.Mode);
        _pass.Crew.Run(_prepareJob, heads, 1);
        int last = _tiles.FirstTile(matrix.Id + 1);
        for (int t = _tiles.FirstTile(matrix.Id); t < last; t++)
        {
            Tile tile = _tiles.Tiles[t];
            _tileRow = tile.RowBegin;
            _weights = _source.Acquire(tile) - (nint)(tile.RowBegin * matrix.Tensor.RowBytes);
            int rows = tile.RowEnd - tile.RowBegin;
            _pass.Crew.Run(_multiplyJob, rows, _pass.RowGrain(rows));
            _source.Release(tile);
        }

        if (matrix.Scale is { } scale)
        {
            Scale(heads, _pass.Value(scale));
        }
    }

    private void Scale(int heads, float factor)
    {
        for (int r = 0; r < _pass.Count; r++)
        {
            for (int h = 0; h < heads; h++)
            {
                VectorOps.Scale(_output.Address + (nint)(((r * _output.RowStride) + (h * _output.HeadStride)) * 4), _rows, factor);
            }
        }
    }

    private void PrepareHeads(int begin, int end, int worker) =>
        HeadMatMul.Prepare(_layout, _input.Address, _input.RowStride, _input.HeadStride, _matrix.Columns, begin, end, _pass.Count,
            _pass.Work.Prepared);

    private void MultiplyRows(int begin, int end, int worker) => HeadMatMul.Multiply(
        _matrix.Tensor.Type, _weights, _matrix.Columns, _rows, _tileRow + begin, _tileRow + end, _layout, _pass.Work.Prepared, _pass.Count,
        _output.Address, _output.RowStride, _output.HeadStride);
}

/// <summary>Heads of the rows of a pass: head h of row r at Address + r · RowStride + h · HeadStride floats.</summary>
internal readonly record struct HeadRows(nint Address, long RowStride, long HeadStride);
