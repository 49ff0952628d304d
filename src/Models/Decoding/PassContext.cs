using LayerStream.Formats;
using LayerStream.Kernels;
using LayerStream.Kernels.Crew;
using LayerStream.Kernels.Ops;
using LayerStream.Kernels.Quants;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Memory;
using LayerStream.Models.Spec;
using LayerStream.Models.Tiles;

namespace LayerStream.Models.Decoding;

/// <summary>What all executors of a model share: the rows of the current pass, buffers, threads, and work on rows of the model's
/// width.</summary>
internal sealed class PassContext
{
    private readonly AlignedBuffer _small;
    /// <summary>Rows up to which a layer looks ahead at the next one: a larger batch takes most of its experts anyhow.</summary>
    internal const int MostRowsForeseen = 16;

    private readonly TileMap _tiles;
    private readonly ITileSource _source;
    private readonly MatrixProduct _product;
    private readonly HeadProduct _headProduct;
    private readonly RangeJob _normJob;
    private readonly RangeJob _addJob;
    private FloatRows _input, _output;
    private nint _weight;
    private float _scale;

    /// <exception cref="ArgumentNullException">The model has experts and no source of them is given.</exception>
    internal PassContext(
        ModelSpec spec, TileMap tiles, ITileSource source, IExpertSource? experts, ComputeCrew crew, Workspace work,
            AlignedBuffer smallWeights, ActivationMode mode, RouterCopies? routerCopies = null)
    {
        (Spec, Crew, Work, Mode, _small, _tiles, _source) = (spec, crew, work, mode, smallWeights, tiles, source);
        RouterCopies = routerCopies;
        if (spec.ExpertBanks.Count > 0)
        {
            ArgumentNullException.ThrowIfNull(experts);
            Experts = experts;
            Choices = new ExpertChoices(work.Batch, spec.ExpertBanks.Max(b => b.Used), spec.ExpertBanks.Max(b => b.Experts));
            Foreseen = new ExpertChoices(Math.Min(work.Batch, MostRowsForeseen), spec.ExpertBanks.Max(b => b.Used),
                spec.ExpertBanks.Max(b => b.Experts));
        }

        _headProduct = new HeadProduct(this, tiles, source);
        _product = new MatrixProduct(this, tiles, source, mode);
        _normJob = new RangeJob(NormRows);
        _addJob = new RangeJob(AddRows);
    }

    internal ModelSpec Spec { get; }

    internal ComputeCrew Crew { get; }

    internal Workspace Work { get; }

    internal ActivationMode Mode { get; }

    /// <summary>Where experts come from; only models with experts have it.</summary>
    internal IExpertSource Experts { get; } = null!;

    /// <summary>Routers for guesses, or null.</summary>
    internal RouterCopies? RouterCopies { get; }

    /// <summary>What the rows of the layer that runs chose; only models with experts have it.</summary>
    internal ExpertChoices Choices { get; } = null!;

    /// <summary>What the rows will probably choose in the layer after the one that runs.</summary>
    internal ExpertChoices Foreseen { get; } = null!;

    /// <summary>Rows of the pass; the first <see cref="Count"/> are valid.</summary>
    internal PassRow[] Rows { get; set; } = [];

    internal int Count { get; set; }

    /// <summary>Lossy: experts that are not in memory are skipped below this share of a row's weights; 0 = never.</summary>
    internal float ColdShare { get; init; }

    /// <summary>Pairs (row, expert) skipped since the start.</summary>
    internal long SkippedExperts { get; set; }

    /// <summary>Sees every routing, or null.</summary>
    internal RouteObserver? Routes { get; set; }

    /// <summary>Address of a small weight's floats, from one on.</summary>
    internal nint Address(SmallWeight weight, long index = 0) =>
        _small.Address + (nint)(weight.ByteOffset + (index * sizeof(float)));

    /// <summary>The one float of a small weight.</summary>
    internal float Value(SmallWeight weight) => Value(weight, 0);

    /// <summary>A float of a small weight.</summary>
    internal float Value(SmallWeight weight, int index) => _small.Floats(weight.ByteOffset + (index * 4L), 1)[0];

    /// <summary>Whether a matrix is in memory for good, so that a product with it out of turn waits for nothing.</summary>
    internal bool IsHeld(WeightMatrix matrix)
    {
        for (int t = _tiles.FirstTile(matrix.Id); t < _tiles.FirstTile(matrix.Id + 1); t++)
        {
            if (!_source.IsHeld(_tiles.Tiles[t]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Takes a matrix from the source without a product.</summary>
    internal void PassBy(WeightMatrix matrix)
    {
        for (int t = _tiles.FirstTile(matrix.Id); t < _tiles.FirstTile(matrix.Id + 1); t++)
        {
            _source.Acquire(_tiles.Tiles[t]);
            _source.Release(_tiles.Tiles[t]);
        }
    }

    /// <summary>output = matrix · input for all rows, scaled and biased.</summary>
    /// <param name="sameInput">The product before this one had the same input, which has not changed since.</param>
    internal void Multiply(WeightMatrix matrix, FloatRows input, FloatRows output, bool sameInput = false) =>
        _product.Multiply(matrix, input, output, sameInput);

    /// <summary>About what <see cref="Multiply"/> gives, from a copy of the matrix that lies in memory.</summary>
    internal void MultiplyCopy(WeightMatrix matrix, TensorType type, nint copy, FloatRows input, FloatRows output) =>
        _product.MultiplyCopy(matrix, type, copy, input, output);

    /// <summary>As <see cref="Multiply"/> for a stack of matrices, one for each head.</summary>
    internal void MultiplyHeads(WeightMatrix matrix, int heads, HeadRows input, HeadRows output) =>
        _headProduct.Multiply(matrix, heads, input, output);

    /// <summary>output = N(input; weight) for all rows of the model's width; the two may be the same.</summary>
    internal void Norm(FloatRows input, FloatRows output, SmallWeight weight)
    {
        (_input, _output, _weight) = (input, output, Address(weight));
        Crew.Run(_normJob, Count, 1);
    }

    /// <summary>Residual stream += delta · scale.</summary>
    internal void AddToStream(FloatRows delta, float scale)
    {
        (_input, _scale) = (delta, scale);
        Crew.Run(_addJob, Count, 1);
    }

    /// <summary>Rows of a matrix that a thread takes at once: a quarter of its share, in whole panels.</summary>
    internal int RowGrain(int rows) => (Math.Max(1, rows / (Crew.Threads * 4)) + MatMul.PanelRows - 1) / MatMul.PanelRows
        * MatMul.PanelRows;

    private void NormRows(int begin, int end, int worker)
    {
        for (int r = begin; r < end; r++)
        {
            VectorOps.RmsNorm(_input[r], _weight, _output[r], Spec.Width, Spec.Epsilon);
        }
    }

    private void AddRows(int begin, int end, int worker)
    {
        for (int r = begin; r < end; r++)
        {
            if (_scale == 1)
            {
                VectorOps.Add(Work.Stream[r], _input[r], Spec.Width);
            }
            else
            {
                VectorOps.AddScaled(Work.Stream[r], _input[r], Spec.Width, _scale);
            }
        }
    }
}
