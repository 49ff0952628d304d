using LayerStream.Kernels;
using LayerStream.Kernels.Ops;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Decoding;

/// <summary>
/// Runs <see cref="DeltaNetSpec"/>. The layer's state holds the convolution's last raw rows, then the matrices; it is zeroed at position 0
/// of a sequence, and rows of a sequence must come in the order of their positions.
/// </summary>
internal sealed class DeltaNetMixer : BranchExecutor
{
    private const int ConvolutionGrain = 64; // channels: whole panels of the kernel

    private readonly PassContext _pass;
    private readonly DeltaNetSpec _spec;
    private readonly int _layer;
    private readonly DeltaNetShape _shape;
    private readonly FloatRows _rows, _gates, _beta, _decay, _mixed;
    private readonly RangeJob _splitProjectionJob, _splitGatesJob, _convolutionJob, _keysJob, _advanceJob, _finishJob;
    private nint _state; // what the rows under way advance
    private int _first;
    private int _count;

    internal DeltaNetMixer(PassContext pass, DeltaNetSpec spec, int layer)
    {
        (_pass, _spec, _layer, _shape) = (pass, spec, layer, spec.Shape);
        (_rows, _gates) = (pass.Work.Region(0, spec.RowWidth), pass.Work.Region(spec.RowWidth, spec.GateWidth));
        _beta = pass.Work.Region(spec.BetaOffset, _shape.ValueHeads);
        _decay = pass.Work.Region(spec.DecayOffset, _shape.ValueHeads);
        _mixed = pass.Work.Region(spec.MixedOffset, spec.MixedWidth);
        _splitProjectionJob = new RangeJob(SplitProjections);
        _splitGatesJob = new RangeJob(SplitGates);
        _convolutionJob = new RangeJob(Convolve);
        _keysJob = new RangeJob(PrepareKeys);
        _advanceJob = new RangeJob(Advance);
        _finishJob = new RangeJob(FinishRows);
    }

    internal override void Run(FloatRows input, FloatRows output)
    {
        Project(input);
        for (_first = 0; _first < _pass.Count; _first += _count)
        {
            _count = SequenceRows(_first);
            SequenceState sequence = _pass.Rows[_first].Sequence;
            if (_pass.Rows[_first].Position == 0)
            {
                sequence.Clear(_layer, _spec.StateBytesPerSequence);
            }

            _state = sequence.Tries ? Try(sequence) : sequence.Area(_layer);
            AdvanceState();
            PassRow last = _pass.Rows[_first + _count - 1];
            if (!sequence.Tries)
            {
                sequence.TakeSnapshot(_layer, last.Position + 1);
            }
        }

        _pass.Crew.Run(_finishJob, _pass.Count, 1);
        _pass.Multiply(_spec.Output, _rows.FromColumn(_shape.ValueOffset), output);
    }

    internal override void TakeOver(SequenceState state, int rows)
    {
        TrialRows trial = state.Trial ?? throw new InvalidOperationException("a state without room for trials cannot take them over");
        (_first, _count, _state) = (0, rows, state.Area(_layer));
        for (int r = 0; r < rows; r++)
        {
            CopyInputs(trial, r, r, keeps: false);
        }

        AdvanceState();
    }

    private void AdvanceState()
    {
        int share = _shape.Channels / (_pass.Crew.Threads * 2);
        _pass.Crew.Run(_convolutionJob, _shape.Channels, Math.Max(1, share / ConvolutionGrain) * ConvolutionGrain);
        _pass.Crew.Run(_keysJob, _count, 1);
        _pass.Crew.Run(_advanceJob, _shape.Units, 1);
    }

    /// <summary>Keeps what the rows bring, and gives them a copy of the state.</summary>
    private nint Try(SequenceState sequence)
    {
        TrialRows trial = sequence.Trial ?? throw new InvalidOperationException("a state without room for trials cannot try rows");
        for (int r = 0; r < _count; r++)
        {
            CopyInputs(trial, r, _first + r, keeps: true);
        }

        trial.Begin(sequence.Area(_layer), _spec.StateBytesPerSequence);
        return trial.State;
    }

    private void CopyInputs(TrialRows trial, int kept, int row, bool keeps)
    {
        FloatRows inputs = new(trial.Row(_layer, kept), 0);
        CopyPart(inputs[0], _rows[row], _shape.Channels, keeps);
        CopyPart(inputs.At(0, _spec.RowWidth), _beta[row], _shape.ValueHeads, keeps);
        CopyPart(inputs.At(0, _spec.RowWidth + _spec.HeadWidth), _decay[row], _shape.ValueHeads, keeps);
    }

    private static void CopyPart(nint inputs, nint region, int floats, bool keeps) =>
        VectorOps.Copy(keeps ? region : inputs, keeps ? inputs : region, floats);

    private void Project(FloatRows input)
    {
        if (_spec.Joint is { } joint)
        {
            _pass.Multiply(joint, input, _mixed);
            _pass.Crew.Run(_splitProjectionJob, _pass.Count, 1);
        }
        else
        {
            _pass.Multiply(_spec.Qkv!, input, _rows);
            _pass.Multiply(_spec.Gate!, input, _gates, sameInput: true);
        }

        if (_spec.Gates is { } gates)
        {
            _pass.Multiply(gates, input, _mixed, sameInput: true);
            _pass.Crew.Run(_splitGatesJob, _pass.Count, 1);
        }
        else
        {
            _pass.Multiply(_spec.Beta!, input, _beta, sameInput: true);
            _pass.Multiply(_spec.Alpha!, input, _decay, sameInput: true);
        }
    }

    /// <summary>How many rows from one on follow each other in one sequence, up to where its state is copied.</summary>
    private int SequenceRows(int first)
    {
        int end = first + 1;
        while (end < _pass.Count && _pass.Rows[end].Sequence == _pass.Rows[first].Sequence
            && _pass.Rows[end].Position == _pass.Rows[end - 1].Position + 1
            && !_pass.Rows[end].Sequence.IsSnapshotAt(_pass.Rows[end].Position))
        {
            end++;
        }

        return end - first;
    }

    private void SplitProjections(int begin, int end, int worker)
    {
        for (int r = begin; r < end; r++)
        {
            DeltaNet.SplitProjection(_shape, _mixed[r], _rows[r], _gates[r]);
        }
    }

    private void SplitGates(int begin, int end, int worker)
    {
        for (int r = begin; r < end; r++)
        {
            DeltaNet.SplitGates(_shape, _mixed[r], _beta[r], _decay[r]);
        }
    }

    private void Convolve(int begin, int end, int worker)
    {
        FloatRows rows = _rows.FromRow(_first);
        ConvFilter filter = new(_pass.Address(_spec.Convolution), _shape.Taps, _shape.Channels);
        CausalConv.Advance(filter, new IndexRange(begin, end), rows, _count, _state, rows);
    }

    private void PrepareKeys(int begin, int end, int worker)
    {
        DeltaNet.NormaliseKeys(_shape, _rows.FromRow(_first + begin), end - begin, _pass.Spec.Epsilon);
        for (int r = _first + begin; r < _first + end; r++)
        {
            DeltaNet.Gates(_beta[r], _decay[r], _pass.Address(_spec.Rates), _pass.Address(_spec.StepBias), _shape.ValueHeads);
        }
    }

    private void Advance(int begin, int end, int worker)
    {
        FloatRows rows = _rows.FromRow(_first);
        DeltaNetRows tokens = new(_count, rows, _beta[_first], _decay[_first], rows.FromColumn(_shape.ValueOffset));
        DeltaNet.Advance(_shape, begin, end, tokens, new FloatRows(_state, 1)[_spec.MatrixOffset]);
    }

    private void FinishRows(int begin, int end, int worker)
    {
        for (int r = begin; r < end; r++)
        {
            nint heads = _rows.At(r, _shape.ValueOffset);
            Norms.GatedRmsNorm(heads, _pass.Address(_spec.Norm), _gates[r], heads, _shape.ValueHeads, _shape.ValueDim,
                _pass.Spec.Epsilon);
        }
    }
}
