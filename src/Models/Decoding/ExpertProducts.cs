using LayerStream.Kernels;

namespace LayerStream.Models;

/// <summary>
/// Runs one expert of <see cref="ExpertFfnSpec"/> for the rows that chose it: their prepared inputs one after the other, gate and up in one
/// job, activation, and down into the pairs' places, whose scale and bias are left to the sum.
/// </summary>
internal sealed class ExpertProducts
{
    private readonly PassContext _pass;
    private readonly ExpertFfnSpec _spec;
    private readonly GatedOperator _activation;
    private readonly RangeJob _prepareJob, _gatherJob, _activateJob;
    private readonly PairMatMulJob _upJob = new();
    private readonly MatMulJob _downJob = new();
    private readonly bool _isFused;
    private readonly nint _pair, _gathered, _hidden, _outputs;
    private readonly long _pairFloats, _gatheredFloats, _hiddenFloats, _outputFloats;
    private ActivationLayout _layout; // of the prepared rows
    private nint _input;
    private int _first;
    private int _expert;

    internal ExpertProducts(PassContext pass, ExpertFfnSpec spec)
    {
        (_pass, _spec, _activation, _isFused) = (pass, spec, GatedOperators.Of(spec.Activation), spec.Bank.Matrices.Count == 2);
        Workspace work = pass.Work;
        (_pair, _pairFloats) = (work.Region(0), spec.PairWidth);
        (_gathered, _gatheredFloats) = (work.Region(spec.GatheredOffset), Workspace.PreparedFloats(spec.ModelWidth));
        (_hidden, _hiddenFloats) = (work.Region(spec.HiddenOffset), Workspace.PreparedFloats(spec.Width));
        (_outputs, _outputFloats) = (work.Region(spec.OutputOffset), spec.OutputWidth);
        _prepareJob = new RangeJob(PrepareRows);
        _gatherJob = new RangeJob(GatherRows);
        _activateJob = new RangeJob(ActivateRows);
        (_upJob.Columns, _upJob.OutputStride) = (spec.ModelWidth, _pairFloats);
    }

    private ExpertMatrix Down => _spec.Bank.Matrices[^1];

    /// <summary>Result at a place.</summary>
    internal nint Output(int place) => _outputs + (nint)(place * _outputFloats * 4);

    /// <summary>Prepares all rows of the pass, rows of the model's width <see cref="Workspace.StreamStride"/> apart.</summary>
    internal void Begin(nint input)
    {
        (_input, _layout) = (input, LayoutOf(0));
        _pass.Crew.Run(_prepareJob, _pass.Count, 1);
    }

    internal void Run(in ExpertLease lease)
    {
        ExpertChoices choices = _pass.Choices;
        (_expert, _first) = (lease.Expert, choices.First(lease.Expert));
        int count = choices.Count(lease.Expert);
        Gather(count, _layout);
        ExpertMatrix gate = _spec.Bank.Matrices[0];
        _upJob.Tokens = count;
        _upJob.First = new PairMatMulJob.Part(gate.Tensor.Type, lease.First, gate.Rows, _pair);
        _upJob.Second = default;
        if (!_isFused)
        {
            ExpertMatrix up = _spec.Bank.Matrices[1];
            PairMatMulJob.Part second = new(up.Tensor.Type, lease.Second, up.Rows, _pair + (nint)(_spec.Width * 4L));
            if (LayoutOf(1) == _layout)
            {
                _upJob.Second = second;
            }
            else
            {
                RunUp();
                Gather(count, LayoutOf(1));
                _upJob.First = second;
            }
        }

        RunUp();
        _pass.Crew.Run(_activateJob, count, 1);
        RunDown(lease, count);
    }

    /// <summary>Scale and bias of the down product, on columns [column, column + n) of a place's result.</summary>
    internal void Finish(int place, int expert, int column, int n) => Finish(Down, expert, column, Output(place) + (nint)(column * 4L), n);

    private ActivationLayout LayoutOf(int matrix) => MatMul.LayoutFor(_spec.Bank.Matrices[matrix].Tensor.Type, _pass.Mode);

    private void RunUp() => _pass.Crew.Run(_upJob, _upJob.Rows, _pass.RowGrain(_upJob.Rows));

    private void RunDown(in ExpertLease lease, int count)
    {
        _downJob.Type = Down.Tensor.Type;
        _downJob.Weights = lease.Slab(_spec.Bank.Matrices.Count - 1);
        _downJob.Columns = _spec.Width;
        _downJob.Layout = LayoutOf(_spec.Bank.Matrices.Count - 1);
        _downJob.Activations = _hidden;
        _downJob.ActivationStride = _hiddenFloats * 4;
        _downJob.Tokens = count;
        _downJob.Output = Output(_first);
        _downJob.OutputStride = _outputFloats;
        _pass.Crew.Run(_downJob, Down.Rows, _pass.RowGrain(Down.Rows));
    }

    /// <summary>Makes the expert's rows follow each other, in a layout; rows that do so already stay where they are.</summary>
    private void Gather(int count, ActivationLayout layout)
    {
        ExpertChoices choices = _pass.Choices;
        int row = choices.Row(_first);
        bool follow = layout == _layout && choices.Row(_first + count - 1) - row == count - 1;
        _upJob.Layout = layout;
        (_upJob.Activations, _upJob.ActivationStride) = follow ? (Prepared(row), _pass.Work.PreparedStride) : (_gathered, _gatheredFloats * 4);
        if (!follow)
        {
            _pass.Crew.Run(_gatherJob, count, 8);
        }
    }

    private nint Prepared(int row) => _pass.Work.Prepared + (nint)(row * _pass.Work.PreparedStride);

    private void PrepareRows(int begin, int end, int worker)
    {
        for (int r = begin; r < end; r++)
        {
            MatMul.Prepare(_layout, _input + (nint)(r * _pass.Work.StreamStride * 4), _spec.ModelWidth, Prepared(r));
        }
    }

    private void GatherRows(int begin, int end, int worker)
    {
        for (int i = begin; i < end; i++)
        {
            int row = _pass.Choices.Row(_first + i);
            nint to = _gathered + (nint)(i * _gatheredFloats * 4);
            if (_upJob.Layout == _layout)
            {
                VectorOps.Copy(Prepared(row), to, (int)(MatMul.RowBytes(_layout, _spec.ModelWidth) / 4));
            }
            else
            {
                MatMul.Prepare(_upJob.Layout, _input + (nint)(row * _pass.Work.StreamStride * 4), _spec.ModelWidth, to);
            }
        }
    }

    private void ActivateRows(int begin, int end, int worker)
    {
        IReadOnlyList<ExpertMatrix> matrices = _spec.Bank.Matrices;
        for (int i = begin; i < end; i++)
        {
            nint gate = _pair + (nint)(i * _pairFloats * 4), up = gate + (nint)(_spec.Width * 4L);
            if (_spec.WeightsInput)
            {
                VectorOps.Scale(gate, 2 * _spec.Width, _pass.Choices.Weight(_first + i)); // the products are linear in their input
            }

            Finish(matrices[0], _expert, 0, gate, matrices[0].Rows);
            if (!_isFused)
            {
                Finish(matrices[1], _expert, 0, up, matrices[1].Rows);
            }

            _activation(gate, up, gate, _spec.Width);
            MatMul.Prepare(LayoutOf(matrices.Count - 1), gate, _spec.Width, _hidden + (nint)(i * _hiddenFloats * 4));
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
            VectorOps.Add(values, _pass.Address(biases) + (nint)((((long)expert * matrix.Rows) + row) * 4), n);
        }
    }
}
