using LayerStream.Formats;
using LayerStream.Kernels;
using LayerStream.Kernels.Ops;
using LayerStream.Kernels.Quants;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Decoding;

/// <summary>
/// Runs <see cref="ExpertFfnSpec"/>: all rows choose, the chosen experts are announced, the shared network runs while they are on their
/// way, each expert runs when it is there, and in the end every row adds its experts' results in rising order of the experts. So the
/// results depend neither on the order of arrival nor on the batch.
/// </summary>
internal sealed class ExpertFeedForward : BranchExecutor
{
    private const int SumColumns = 1024; // that a thread takes at once where rows are few

    private readonly PassContext _pass;
    private readonly ExpertFfnSpec _spec;
    private readonly ExpertProducts _products;
    private readonly ExpertLease[] _leases;
    private readonly DenseFeedForward? _shared;
    private readonly RangeJob _chooseJob, _gateJob, _sumJob;
    private readonly float _logitScale;
    private readonly nint _routerCopy;
    private readonly FloatRows _logits;
    private ExpertChoices _chosen;
    private FloatRows _input, _output;
    private int _pieces;

    internal ExpertFeedForward(PassContext pass, ExpertFfnSpec spec)
    {
        (_pass, _spec, _products, _chosen) = (pass, spec, new ExpertProducts(pass, spec), pass.Choices);
        _shared = spec.Shared is { } shared ? new DenseFeedForward(pass, shared, pass.Work.Region(0, spec.SharedWidth)) : null;
        _routerCopy = pass.RouterCopies?.Find(spec.Bank.Id) ?? 0;
        _logitScale = spec.Norms is null ? 1 : (float)(1 / Math.Sqrt(spec.ModelWidth));
        _logits = pass.Work.Region(spec.LogitOffset, spec.LogitWidth);
        _leases = new ExpertLease[_products.MostTogether];
        _chooseJob = new RangeJob(Choose);
        _gateJob = new RangeJob(GateShared);
        _sumJob = new RangeJob(Sum);
    }

    internal override void Run(FloatRows input, FloatRows output)
    {
        ExpertChoices choices = _pass.Choices;
        (_input, _output) = (input, output);
        Route();
        if (!choices.Distinct.IsEmpty)
        {
            _pass.Experts.Demand(_spec.Bank.Id, choices.Distinct, choices.Sums);
            Next?.Foresee(output); // nothing is in the output yet
        }

        RunShared();
        _products.Begin(Normed(_spec.Norms?.ExpertsBefore));
        for (int left = choices.Distinct.Length; left > 0;)
        {
            left -= RunExperts();
        }

        _pieces = _spec.Norms is null && _pass.Count < _pass.Crew.Threads * 2 ? (_spec.ModelWidth + SumColumns - 1) / SumColumns : 1;
        _pass.Crew.Run(_sumJob, _pass.Count * _pieces, 1);
    }

    /// <summary>Runs the next expert, with those that are there already if the pass has one row; gives their number.</summary>
    private int RunExperts()
    {
        int count = 0;
        do
        {
            _leases[count++] = _pass.Experts.Take();
        }
        while (_pass.Count == 1 && count < _leases.Length && _pass.Experts.HasReady);

        _products.Run(_leases.AsSpan(0, count));
        for (int i = 0; i < count; i++)
        {
            _pass.Experts.Release(_leases[i]);
        }

        return count;
    }

    /// <summary>The layer behind this one, if it has experts as well.</summary>
    internal LayerExecutor? Next { get; set; }

    /// <summary>Whether the source wants to know which experts this layer may choose, and finding out waits for nothing.</summary>
    internal bool WantsPrediction => _pass.Experts.WantsPrediction(_spec.Bank.Id) && _pass.IsHeld(_spec.Router);

    /// <summary>Whether the router's input needs no buffer that the layer before still reads.</summary>
    internal bool CanForesee => _spec.Norms is null;

    /// <summary>
    /// Routes the rows by what the branch would get if the branches before it added nothing, and tells the source. Writes only buffers
    /// that a branch fills before it reads them.
    /// </summary>
    /// <param name="input">Rows of the model's width.</param>
    /// <param name="into">Where the choice goes: not that of a layer which is still at work.</param>
    /// <param name="early">While the layer before waits for its experts.</param>
    internal void Predict(FloatRows input, ExpertChoices into, bool early)
    {
        _input = input;
        if (_routerCopy == 0)
        {
            _pass.Multiply(_spec.Router, RouterInput(), _logits);
        }
        else
        {
            _pass.MultiplyCopy(_spec.Router, RouterCopies.Type, _routerCopy, RouterInput(), _logits);
        }

        ChooseExperts(into);
        into.Place(_pass.Count);
        _pass.Experts.Predict(_spec.Bank.Id, into.Distinct, into.Sums, early);
    }

    private void Route()
    {
        _pass.Multiply(_spec.Router, RouterInput(), _logits);
        ChooseExperts(_pass.Choices);
        for (int r = 0; r < _pass.Count && _pass.Routes is not null; r++)
        {
            _pass.Routes(_spec.Bank.Id, r, _pass.Choices.Ids(r), _pass.Choices.Weights(r));
        }

        if (_pass.ColdShare > 0)
        {
            _pass.SkippedExperts += _pass.Choices.DropCold(_pass.Count, _pass.ColdShare, _spec.Bank.Id, _pass.Experts);
        }

        _pass.Choices.Place(_pass.Count);
    }

    private FloatRows RouterInput() => Normed(_spec.Norms?.Router);

    /// <summary>By the logits.</summary>
    private void ChooseExperts(ExpertChoices into)
    {
        _chosen = into;
        into.Begin(_spec.Rule.Selected);
        _pass.Crew.Run(_chooseJob, _pass.Count, 8);
    }

    private void RunShared()
    {
        _shared?.Run(Normed(_spec.Norms?.SharedBefore), _output);
        if (_spec.SharedGate is not null)
        {
            _pass.Crew.Run(_gateJob, _pass.Count, 1);
        }

        if (_spec.Norms is { } norms)
        {
            _pass.Norm(_output, _output, norms.SharedAfter);
        }
    }

    /// <summary>The input of a part: that of the branch, or its norm.</summary>
    private FloatRows Normed(SmallWeight? norm)
    {
        if (norm is null)
        {
            return _input;
        }

        _pass.Norm(_input, _pass.Work.Normed, norm);
        return _pass.Work.Normed;
    }

    private void Choose(int begin, int end, int worker)
    {
        nint selectionBias = _spec.SelectionBias is { } bias ? _pass.Address(bias) : 0;
        for (int r = begin; r < end; r++)
        {
            if (_logitScale != 1)
            {
                VectorOps.Scale(_logits[r], _spec.Rule.Experts, _logitScale);
            }

            Router.Select(_spec.Rule, _logits[r], selectionBias, _chosen.Ids(r), _chosen.Weights(r), _pass.Work.ScratchOf(worker));
        }
    }

    /// <summary>Shared result · sigmoid(gate · input).</summary>
    private void GateShared(int begin, int end, int worker)
    {
        FloatRows scratch = new(_pass.Work.ScratchOf(worker), RowRoom.Prepared(_spec.ModelWidth)), sum = scratch.FromRow(1);
        PreparedRows prepared = new(ActivationLayout.F32, scratch, 1);
        WeightRows gate = new(TensorType.F32, _pass.Address(_spec.SharedGate!), _spec.ModelWidth);
        for (int r = begin; r < end; r++)
        {
            MatMul.Prepare(prepared.Layout, _input[r], _spec.ModelWidth, prepared[0]);
            MatMul.Multiply(gate, new IndexRange(0, 1), prepared, sum);
            VectorOps.Scale(_output[r], _spec.ModelWidth, VectorOps.Sigmoid(_pass.Work.Floats(sum[0], 1)[0]));
        }
    }

    /// <summary>Units are (row, piece of its columns).</summary>
    private void Sum(int begin, int end, int worker)
    {
        for (int u = begin; u < end; u++)
        {
            int row = u / _pieces, piece = u % _pieces;
            int column = (int)((long)_spec.ModelWidth * piece / _pieces),
                n = (int)((long)_spec.ModelWidth * (piece + 1) / _pieces) - column;
            SumRow(row, column, n);
        }
    }

    private void SumRow(int row, int column, int n)
    {
        Workspace work = _pass.Work;
        nint output = _output.At(row, column);
        nint sum = _spec.Norms is null ? output : work.Normed.At(row, column); // the experts' input is spent
        if (_spec.Shared is null || _spec.Norms is not null)
        {
            work.Floats(sum, n).Clear();
        }

        ReadOnlySpan<int> ids = _pass.Choices.Ids(row), places = _pass.Choices.Places(row);
        Span<float> weights = _pass.Choices.Weights(row);
        Span<float> ones = stackalloc float[RouterRule.MaxSelected];
        ones.Fill(1);
        for (int k = 0; k < ids.Length; k++)
        {
            _products.Finish(places[k], ids[k], column, n);
        }

        ExpertSum.Add(places, _spec.WeightsInput ? ones : weights, _products.Outputs.FromColumn(column), sum, n);
        if (_spec.Norms is { } norms)
        {
            VectorOps.RmsNorm(sum, _pass.Address(norms.ExpertsAfter), sum, n, _pass.Spec.Epsilon);
            VectorOps.Add(output, sum, n);
        }
    }
}
