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
    private readonly nint _pair, _gathered, _hidden, _outputs;
    private readonly long _pairFloats, _gatheredFloats, _hiddenFloats, _outputFloats;
    private ActivationLayout _layout; // of the prepared rows
    private nint _input;
    private int _first; // place of the first row, of one expert for several

    internal ExpertProducts(PassContext pass, ExpertFfnSpec spec)
    {
        (_pass, _spec, _activation, _isFused) = (pass, spec, GatedOperators.Of(spec.Activation), spec.Bank.Matrices.Count == 2);
        Workspace work = pass.Work;
        (_pair, _pairFloats) = (work.Region(0), spec.PairWidth);
        (_gathered, _gatheredFloats) = (work.Region(spec.GatheredOffset), RowRoom.Prepared(spec.ModelWidth));
        (_hidden, _hiddenFloats) = (work.Region(spec.HiddenOffset), RowRoom.Prepared(spec.Width));
        (_outputs, _outputFloats) = (work.Region(spec.OutputOffset), spec.OutputWidth);
        _prepareJob = new RangeJob(PrepareRows);
        _gatherJob = new RangeJob(GatherRows);
        _activateJob = new RangeJob(ActivateRows);
        MostTogether = Math.Min(spec.Bank.Used, work.Batch);
        (_experts, _places) = (new int[work.Batch], new int[work.Batch]);
        _upJob = new PartsMatMulJob(2 * MostTogether) { Columns = spec.ModelWidth, OutputStride = _pairFloats };
        _downJob = new PartsMatMulJob(MostTogether)
        {
            Columns = spec.Width,
            OutputStride = _outputFloats,
            ActivationStride = _hiddenFloats * 4
        };
    }

    /// <summary>Experts that a run takes at most; more than one only for a pass of one row.</summary>
    internal int MostTogether { get; }

    private ExpertMatrix Down => _spec.Bank.Matrices[^1];

    /// <summary>Result at a place.</summary>
    internal nint Output(int place) => _outputs + (nint)(place * _outputFloats * 4);

    /// <summary>Prepares all rows of the pass, rows of the model's width <see cref="Workspace.StreamStride"/> apart.</summary>
    internal void Begin(nint input)
    {
        (_input, _layout) = (input, LayoutOf(0));
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

        _upJob.Tokens = _downJob.Tokens = each;
        nint activations = Gather(each, _layout);
        bool apart = !_isFused && LayoutOf(1) != _layout;
        _upJob.Begin();
        AddUp(leases, 0, activations, each);
        if (!_isFused)
        {
            if (apart)
            {
                RunUp();
                activations = Gather(each, LayoutOf(1));
                _upJob.Begin();
            }

            AddUp(leases, 1, activations, each);
        }

        RunUp();
        _pass.Crew.Run(_activateJob, rows, 1);
        RunDown(leases, each);
    }

    /// <summary>Scale and bias of the down product, on columns [column, column + n) of a place's result.</summary>
    internal void Finish(int place, int expert, int column, int n) => Finish(Down, expert, column, Output(place) + (nint)(column * 4L), n);

    private ActivationLayout LayoutOf(int matrix) => MatMul.LayoutFor(_spec.Bank.Matrices[matrix].Type, _pass.Mode);

    private void RunUp() => _pass.Crew.Run(_upJob, _upJob.Rows, _pass.RowGrain(_upJob.Rows));

    /// <summary>A matrix of all experts; the second's results lie behind the first's.</summary>
    private void AddUp(ReadOnlySpan<ExpertLease> leases, int matrix, nint activations, int each)
    {
        ExpertMatrix up = _spec.Bank.Matrices[matrix];
        for (int i = 0; i < leases.Length; i++)
        {
            nint output = _pair + (nint)(((i * each * _pairFloats) + (matrix * _spec.Width)) * 4);
            _upJob.Add(new PartsMatMulJob.Part(up.Type, leases[i].Slab(matrix), up.Rows, activations, output));
        }
    }

    private void RunDown(ReadOnlySpan<ExpertLease> leases, int each)
    {
        int matrix = _spec.Bank.Matrices.Count - 1;
        _downJob.Layout = LayoutOf(matrix);
        _downJob.Begin();
        for (int i = 0; i < leases.Length; i++)
        {
            nint activations = _hidden + (nint)(i * each * _hiddenFloats * 4);
            _downJob.Add(new PartsMatMulJob.Part(Down.Type, leases[i].Slab(matrix), Down.Rows, activations, Output(_places[i * each])));
        }

        _pass.Crew.Run(_downJob, _downJob.Rows, _pass.RowGrain(_downJob.Rows));
    }

    /// <summary>Makes the expert's rows follow each other, in a layout; rows that do so already stay where they are.</summary>
    private nint Gather(int count, ActivationLayout layout)
    {
        ExpertChoices choices = _pass.Choices;
        int row = choices.Row(_first);
        bool follow = layout == _layout && choices.Row(_first + count - 1) - row == count - 1;
        _upJob.Layout = layout;
        _upJob.ActivationStride = follow ? _pass.Work.PreparedStride : _gatheredFloats * 4;
        if (!follow)
        {
            _pass.Crew.Run(_gatherJob, count, 8);
        }

        return follow ? Prepared(row) : _gathered;
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
                VectorOps.Scale(gate, 2 * _spec.Width, _pass.Choices.Weight(_places[i])); // the products are linear in their input
            }

            Finish(matrices[0], _experts[i], 0, gate, matrices[0].Rows);
            if (!_isFused)
            {
                Finish(matrices[1], _experts[i], 0, up, matrices[1].Rows);
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
