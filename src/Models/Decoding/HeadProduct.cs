using LayerStream.Kernels;
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
    private PreparedRows _prepared;
    private HeadRows _input, _output;
    private int _rows;
    private int _tileRow;
    private WeightRows _weights;

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
        ActivationLayout layout = MatMul.LayoutFor(matrix.Tensor.Type, _pass.Mode);
        _prepared = HeadMatMul.Room(layout, matrix.Columns, _pass.Count, _pass.Work.Prepared.Address);
        _pass.Crew.Run(_prepareJob, heads, 1);
        int last = _tiles.FirstTile(matrix.Id + 1);
        for (int t = _tiles.FirstTile(matrix.Id); t < last; t++)
        {
            Tile tile = _tiles.Tiles[t];
            _tileRow = tile.RowBegin;
            nint firstRow = _source.Acquire(tile) - (nint)(tile.RowBegin * matrix.Tensor.RowBytes);
            _weights = new WeightRows(matrix.Tensor.Type, firstRow, matrix.Columns);
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
                VectorOps.Scale(_output.At(r, h), _rows, factor);
            }
        }
    }

    private void PrepareHeads(int begin, int end, int worker) =>
        HeadMatMul.Prepare(_input, _matrix.Columns, new IndexRange(begin, end), _prepared);

    private void MultiplyRows(int begin, int end, int worker) =>
        HeadMatMul.Multiply(_weights, _rows, new IndexRange(_tileRow + begin, _tileRow + end), _prepared, _output);
}
