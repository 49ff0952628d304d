using LayerStream.Kernels.Crew;
using LayerStream.Kernels.Ops;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Memory;
using LayerStream.Models.Spec;
using LayerStream.Models.Tiles;

namespace LayerStream.Models.Decoding;

/// <summary>The one decoder pass: rows in, hidden state through layers a…b, logits out. What a layer does is in its executors.</summary>
public sealed class Decoder
{
    private const int LogitGrain = 4096; // logits a thread takes at once

    private readonly ModelSpec _spec;
    private readonly Workspace _work;
    private readonly ComputeCrew _crew;
    private readonly IReadOnlyList<RopeTable> _ropes;
    private readonly PassContext _pass;
    private readonly LayerExecutor[] _layers;
    private readonly LayerInputs? _layerInputs;
    private readonly RangeJob _beginJob;
    private readonly RangeJob _logitJob;
    private bool _startsAtEmbeddings;
    private int _logitRow;

    /// <summary>Binds a model to its buffers.</summary>
    /// <param name="smallWeights">The small weights, laid out as <see cref="ModelSpec.SmallWeights"/> says.</param>
    /// <param name="ropes">Tables in the order of <see cref="ModelSpec.Ropes"/>.</param>
    /// <param name="experts">Where experts come from; may be missing in models without.</param>
    /// <param name="coldShare">
    /// Lossy: an expert that is not in memory is skipped where the router gives it less than this share of a row's weights (and no other
    /// row of the pass has it fetched). The remaining weights stay as they are. 0 = never; above, results depend on the source's residency.
    /// </param>
    /// <param name="routerCopies">Routers for guesses at what layers will choose; null = the routers themselves.</param>
    /// <exception cref="ArgumentNullException">The model has experts and no source of them is given.</exception>
    public Decoder(
        ModelSpec spec, TileMap tiles, ITileSource source, ComputeCrew crew, Workspace work, AlignedBuffer smallWeights,
            IReadOnlyList<RopeTable> ropes, ActivationMode mode,
        IExpertSource? experts = null, float coldShare = 0, RouterCopies? routerCopies = null)
    {
        (_spec, _work, _crew, _ropes) = (spec, work, crew, ropes);
        _pass = new PassContext(spec, tiles, source, experts, crew, work, smallWeights, mode, routerCopies) { ColdShare = coldShare };
        _layers = [.. spec.Layers.Select(l => new LayerExecutor(_pass, l))];
        for (int i = 1; i < _layers.Length; i++)
        {
            _layers[i - 1].Precede(_layers[i]);
        }

        _layerInputs = spec.LayerInputs is { } inputs ? new LayerInputs(_pass, inputs) : null;
        _beginJob = new RangeJob(BeginRows);
        _logitJob = new RangeJob(FinishLogits);
    }

    /// <summary>Sees what routers choose; null when nobody asks.</summary>
    public RouteObserver? Routes
    {
        get => _pass.Routes;
        set => _pass.Routes = value;
    }

    /// <summary>Choices of experts (row, expert) that were skipped since the start; 0 unless the decoder is lossy.</summary>
    public long SkippedExperts => _pass.SkippedExperts;

    /// <summary>Row of the residual stream: to fill with a token's embedding, as it is in the file, before <see cref="RunLayers"/> from
    /// layer 0, or with what the layers in front made of it; behind <see cref="RunLayers"/> what these layers made.</summary>
    public Span<float> InputRow(int row) => _work.StreamRow(row, _spec.Width);

    /// <summary>Row to fill with a token's row of the layer inputs' table; empty in models without.</summary>
    public Span<float> LayerInputRow(int row) => _work.LayerInputRow(row, _spec.LayerInputs?.RowWidth ?? 0);

    /// <summary>
    /// Runs layers [from, to) over rows whose residual stream is in place; extends each row's sequence by its position. A pass may be
    /// cut between two engines: the one behind takes over <see cref="InputRow"/> of the one in front, and the bits are those of one.
    /// </summary>
    /// <exception cref="ArgumentException">Layers from there on need more than the residual stream.</exception>
    public void RunLayers(PassRow[] rows, int count, int from, int to)
    {
        if (!_spec.CanCutAt(from))
        {
            throw new ArgumentException($"a pass cannot be cut in front of layer {from}: layers behind need what those in front keep",
                nameof(from));
        }

        Begin(rows, count, from == 0);
        for (int i = from; i < to; i++)
        {
            RunLayer(i);
        }
    }

    /// <summary>
    /// Starts a pass over rows whose residual stream is in place. Rows of one sequence follow each other in the order of their
    /// positions; the sequences may come in any order, and each row's results are those of its sequence alone.
    /// </summary>
    /// <param name="rows">The rows, kept until the pass is over.</param>
    /// <param name="count">Number of rows.</param>
    /// <param name="fromEmbeddings">Whether the streams are embeddings as they are in the file, and not the output of a layer.</param>
    /// <exception cref="InvalidOperationException">There are no pages for the rows' keys and values.</exception>
    public void Begin(PassRow[] rows, int count, bool fromEmbeddings)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _work.Batch);
        for (int r = 0; r < count; r++)
        {
            if (rows[r].Behind is { } other)
            {
                rows[r].Sequence.Share(other, rows[r].Position); // each layer keeps what all rows add before any of them looks at it
            }

            rows[r].Sequence.Hold(rows[r].Position);
        }

        for (int r = 0; r < count; r++)
        {
            rows[r].Sequence.CheckWindow(rows[r].Position);
        }

        (_pass.Rows, _pass.Count, _startsAtEmbeddings) = (rows, count, fromEmbeddings);
        _crew.Run(_beginJob, count, 1);
        if (fromEmbeddings)
        {
            _layerInputs?.Run();
        }
    }

    /// <summary>Runs one layer of the pass that has begun.</summary>
    public void RunLayer(int layer) => _layers[layer].Run();

    /// <summary>Between two passes: takes over the first rows of a sequence that the last pass only tried, so that its recurrent layers
    /// stand behind them. The bits are those of a pass over these rows alone.</summary>
    /// <param name="state">The sequence, which <see cref="SequenceState.Tries"/>.</param>
    /// <param name="rows">Rows that turned out right; at least one.</param>
    public void TakeOver(SequenceState state, int rows)
    {
        foreach (LayerExecutor layer in _layers)
        {
            layer.TakeOver(state, rows);
        }
    }

    /// <summary>Between two layers: goes on with some of the rows, which become rows 0…n−1 in the same order.</summary>
    /// <param name="rows">Their numbers, rising.</param>
    public void Keep(ReadOnlySpan<int> rows)
    {
        for (int r = 0; r < rows.Length; r++)
        {
            if (rows[r] != r)
            {
                _pass.Rows[r] = _pass.Rows[rows[r]];
                _work.MoveRow(rows[r], r);
            }
        }

        _pass.Count = rows.Length;
    }

    /// <summary>Final norm and head for rows [first, first + n) of the pass; logits land in the workspace rows 0…n−1.</summary>
    public void Head(int first, int n)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(n, _work.LogitRows);
        int count = _pass.Count;
        NormForHead(first, n, 0);
        _pass.Count = n;
        MultiplyHead(n);
        _pass.Count = count;
    }

    /// <summary>As <see cref="Head(int, int)"/> for rows of any numbers, rising; logits of the i-th land in workspace row i.</summary>
    public void Head(ReadOnlySpan<int> rows)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows.Length, _work.LogitRows);
        int count = _pass.Count;
        for (int first = 0, n; first < rows.Length; first += n)
        {
            for (n = 1; first + n < rows.Length && rows[first + n] == rows[first] + n; n++)
            {
            }

            NormForHead(rows[first], n, first);
        }

        _pass.Count = rows.Length;
        MultiplyHead(rows.Length);
        _pass.Count = count;
    }

    /// <summary>A row of the pass behind the final norm, for those who need no logits.</summary>
    public Span<float> NormedRow(int row)
    {
        int count = _pass.Count;
        NormForHead(row, 1, 0);
        _pass.Count = count;
        return _work.NormedRow(0, _spec.Width);
    }

    /// <summary>Takes the head's weights from the source and computes nothing, for a pass that was announced with a head nobody needs
    /// any more.</summary>
    public void PassHeadBy() => _pass.PassBy(_spec.Head);

    private void NormForHead(int first, int n, int to)
    {
        _pass.Count = n;
        _pass.Norm(_work.Stream.FromRow(first), _work.Normed.FromRow(to), _spec.OutputNorm);
    }

    private void MultiplyHead(int n)
    {
        _pass.Multiply(_spec.Head, _work.Normed, _work.Logits);
        for (_logitRow = 0; _logitRow < n && (_spec.LogitFactor != 1 || _spec.LogitCap > 0); _logitRow++)
        {
            _crew.Run(_logitJob, _spec.Vocabulary, LogitGrain);
        }
    }

    /// <summary>Rotations of each row, and its embedding's scale.</summary>
    private void BeginRows(int begin, int end, int worker)
    {
        for (int r = begin; r < end; r++)
        {
            for (int t = 0; t < _ropes.Count; t++)
            {
                _ropes[t].Prepare(_pass.Rows[r].Position, _work.RopeRow(r, t, _ropes[t].Dimensions));
            }

            if (_startsAtEmbeddings && _spec.EmbeddingScale != 1)
            {
                VectorOps.Scale(_work.Stream[r], _spec.Width, _spec.EmbeddingScale);
            }
        }
    }

    private void FinishLogits(int begin, int end, int worker)
    {
        nint logits = _work.Logits.At(_logitRow, begin);
        if (_spec.LogitFactor != 1)
        {
            VectorOps.Scale(logits, end - begin, _spec.LogitFactor);
        }

        if (_spec.LogitCap > 0)
        {
            VectorOps.SoftCap(logits, end - begin, _spec.LogitCap);
        }
    }
}
