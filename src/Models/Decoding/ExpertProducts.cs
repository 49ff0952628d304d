using LayerStream.Kernels;
using LayerStream.Kernels.Ops;
using LayerStream.Kernels.Quants;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Decoding;

/// <summary>
/// Runs experts of <see cref="ExpertFfnSpec"/>: one for all rows that chose it, or several for the only row of a pass, so that a thread is
/// not woken for each. Prepared inputs one after the other, gate and up in one job, activation, and down into the pairs' places, whose
/// scale and bias are left to the sum.
/// </summary>
internal sealed class ExpertProducts
{
    private readonly PassContext _pass;
    private readonly ExpertFfnSpec _spec;
    private readonly GatedOperator _activation;
    private readonly RangeJob _prepareJob, _gatherJob, _activateJob;
    private readonly PartsMatMulJob _upJob, _downJob;
    private readonly int[] _experts, _places; // of the rows of a run
    private readonly bool _isFused;
    private readonly FloatRows _pairs, _gathered, _hidden;
    private PreparedRows _prepared, _expertRows; // of the pass, of an expert
    private FloatRows _input;
    private int _first; // place of the first row, of one expert for several

    internal ExpertProducts(PassContext pass, ExpertFfnSpec spec)
    {
        (_pass, _spec, _activation, _isFused) = (pass, spec, GatedOperators.Of(spec.Activation), spec.Bank.Matrices.Count == 2);
        Workspace work = pass.Work;
        _pairs = work.Region(0, spec.PairWidth);
        _gathered = work.Region(spec.GatheredOffset, RowRoom.Prepared(spec.ModelWidth));
        _hidden = work.Region(spec.HiddenOffset, RowRoom.Prepared(spec.Width));
        Outputs = work.Region(spec.OutputOffset, spec.OutputWidth);
        _prepareJob = new RangeJob(PrepareRows);
        _gatherJob = new RangeJob(GatherRows);
        _activateJob = new RangeJob(ActivateRows);
        MostTogether = Math.Min(spec.Bank.Used, work.Batch);
        (_experts, _places) = (new int[work.Batch], new int[work.Batch]);
        _upJob = new PartsMatMulJob(2 * MostTogether);
        _downJob = new PartsMatMulJob(MostTogether);
    }

    /// <summary>Experts that a run takes at most; more than one only for a pass of one row.</summary>
    internal int MostTogether { get; }

    private ExpertMatrix Down => _spec.Bank.Matrices[^1];

    /// <summary>Results, one at each place.</summary>
    internal FloatRows Outputs { get; }

    /// <summary>Prepares all rows of the pass, rows of the model's width.</summary>
    internal void Begin(FloatRows input)
    {
        (_input, _prepared) = (input, new PreparedRows(LayoutOf(0), _pass.Work.Prepared, _pass.Count));
        _pass.Crew.Run(_prepareJob, _pass.Count, 1);
    }

    /// <summary>Runs one expert, or several of a pass of one row.</summary>
    internal void Run(ReadOnlySpan<ExpertLease> leases)
    {
        ExpertChoices choices = _pass.Choices;
        _first = choices.First(leases[0].Expert);
        int each = choices.Count(leases[0].Expert), rows = 0;
        foreach (ExpertLease lease in leases)
        {
            for (int i = 0; i < each; i++)
            {
                (_experts[rows], _places[rows++]) = (lease.Expert, choices.First(lease.Expert) + i);
            }
        }

        Gather(each, _prepared.Layout);
        bool apart = !_isFused && LayoutOf(1) != _prepared.Layout;
        _upJob.Begin();
        AddUp(leases, 0);
        if (!_isFused)
        {
            if (apart)
            {
                RunUp();
                Gather(each, LayoutOf(1));
                _upJob.Begin();
            }

            AddUp(leases, 1);
        }

        RunUp();
        _pass.Crew.Run(_activateJob, rows, 1);
        RunDown(leases, each);
    }

    /// <summary>Scale and bias of the down product, on columns [column, column + n) of a place's result.</summary>
    internal void Finish(int place, int expert, int column, int n) => Finish(Down, expert, column, Outputs.At(place, column), n);

    private ActivationLayout LayoutOf(int matrix) => MatMul.LayoutFor(_spec.Bank.Matrices[matrix].Type, _pass.Mode);

    private void RunUp() => _pass.Crew.Run(_upJob, _upJob.Rows, _pass.RowGrain(_upJob.Rows));

    /// <summary>A matrix of all experts; the second's results lie behind the first's.</summary>
    private void AddUp(ReadOnlySpan<ExpertLease> leases, int matrix)
    {
        ExpertMatrix up = _spec.Bank.Matrices[matrix];
        for (int i = 0; i < leases.Length; i++)
        {
            WeightRows weights = new(up.Type, leases[i].Slab(matrix), _spec.ModelWidth);
            FloatRows output = _pairs.FromRow(i * _expertRows.Count).FromColumn(matrix * _spec.Width);
            _upJob.Add(new PartsMatMulJob.Part(weights, up.Rows, _expertRows, output));
        }
    }

    private void RunDown(ReadOnlySpan<ExpertLease> leases, int each)
    {
        int matrix = _spec.Bank.Matrices.Count - 1;
        ActivationLayout layout = LayoutOf(matrix);
        _downJob.Begin();
        for (int i = 0; i < leases.Length; i++)
        {
            WeightRows weights = new(Down.Type, leases[i].Slab(matrix), _spec.Width);
            PreparedRows activations = new(layout, _hidden.FromRow(i * each), each);
            _downJob.Add(new PartsMatMulJob.Part(weights, Down.Rows, activations, Outputs.FromRow(_places[i * each])));
        }

        _pass.Crew.Run(_downJob, _downJob.Rows, _pass.RowGrain(_downJob.Rows));
    }

    /// <summary>Makes the expert's rows follow each other, in a layout; rows that do so already stay where they are.</summary>
    private void Gather(int count, ActivationLayout layout)
    {
        ExpertChoices choices = _pass.Choices;
        int row = choices.Row(_first);
        bool follow = layout == _prepared.Layout && choices.Row(_first + count - 1) - row == count - 1;
        _expertRows = new PreparedRows(layout, follow ? _pass.Work.Prepared.FromRow(row) : _gathered, count);
        if (!follow)
        {
            _pass.Crew.Run(_gatherJob, count, 8);
        }
    }

    private void PrepareRows(int begin, int end, int worker)
    {
        for (int r = begin; r < end; r++)
        {
            MatMul.Prepare(_prepared.Layout, _input[r], _spec.ModelWidth, _prepared[r]);
        }
    }

    private void GatherRows(int begin, int end, int worker)
    {
        for (int i = begin; i < end; i++)
        {
            int row = _pass.Choices.Row(_first + i);
            if (_expertRows.Layout == _prepared.Layout)
            {
                VectorOps.Copy(_prepared[row], _expertRows[i], (int)(MatMul.RowBytes(_prepared.Layout, _spec.ModelWidth) / sizeof(float)));
            }
            else
            {
                MatMul.Prepare(_expertRows.Layout, _input[row], _spec.ModelWidth, _expertRows[i]);
            }
        }
    }

    private void ActivateRows(int begin, int end, int worker)
    {
        IReadOnlyList<ExpertMatrix> matrices = _spec.Bank.Matrices;
        for (int i = begin; i < end; i++)
        {
            nint gate = _pairs[i], up = _pairs.At(i, _spec.Width);
            if (_spec.WeightsInput)
            {
                VectorOps.Scale(gate, 2 * _spec.Width, _pass.Choices.Weight(_places[i])); // the products are linear in their input
            }

            Finish(matrices[0], _experts[i], 0, gate, matrices[0].Rows);
            if (!_isFused)
            {
                Finish(matrices[1], _experts[i], 0, up, matrices[1].Rows);
            }

            _activation(gate, up, gate, _spec.Width);
            MatMul.Prepare(LayoutOf(matrices.Count - 1), gate, _spec.Width, _hidden[i]);
        }
    }

    private void Finish(ExpertMatrix matrix, int expert, int row, nint values, int n)
    {
        if (matrix.Scales is { } scales)
        {
            VectorOps.Scale(values, n, _pass.Value(scales, scales.Count == 1 ? 0 : expert));
        }

        if (matrix.Biases is { } biases)
        {
            VectorOps.Add(values, _pass.Address(biases, ((long)expert * matrix.Rows) + row), n);
        }
    }
}
