using LayerStream.Kernels.Ops;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Decoding;

/// <summary>
/// Runs <see cref="DeltaNetSpec"/>. The layer's state holds the convolution's last raw rows, then the matrices; it is zeroed at position 0
/// of
/// a sequence, and rows of a sequence must come in the order of their positions.
/// </summary>
internal sealed class DeltaNetMixer : BranchExecutor
{
    private const int ConvolutionGrain = 64; // channels: whole panels of the kernel

    private readonly PassContext _pass;
    private readonly DeltaNetSpec _spec;
    private readonly int _layer;
    private readonly DeltaNetShape _shape;
    private readonly RangeJob _splitProjectionJob, _splitGatesJob, _convolutionJob, _keysJob, _advanceJob, _finishJob;
    private nint _state; // what the rows under way advance
    private int _first;
    private int _count;

    internal DeltaNetMixer(PassContext pass, DeltaNetSpec spec, int layer)
    {
        (_pass, _spec, _layer, _shape) = (pass, spec, layer, spec.Shape);
        _splitProjectionJob = new RangeJob(SplitProjections);
        _splitGatesJob = new RangeJob(SplitGates);
        _convolutionJob = new RangeJob(Convolve);
        _keysJob = new RangeJob(PrepareKeys);
        _advanceJob = new RangeJob(Advance);
        _finishJob = new RangeJob(FinishRows);
    }

    private nint Rows => _pass.Work.Region(0);

    private nint Gates => _pass.Work.Region(_spec.RowWidth);

    private nint Beta => _pass.Work.Region(_spec.BetaOffset);

    private nint Decay => _pass.Work.Region(_spec.DecayOffset);

    private nint Mixed => _pass.Work.Region(_spec.MixedOffset);

    internal override void Run(nint input, nint output)
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
        _pass.Multiply(_spec.Output, At(Rows, _shape.ValueOffset), _spec.RowWidth, output, _pass.Work.StreamStride);
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
        nint inputs = trial.Row(_layer, kept);
        CopyPart(inputs, At(Rows, row * _spec.RowWidth), _shape.Channels, keeps);
        CopyPart(At(inputs, _spec.RowWidth), At(Beta, (long)row * _shape.ValueHeads), _shape.ValueHeads, keeps);
        CopyPart(At(inputs, _spec.RowWidth + _spec.HeadWidth), At(Decay, (long)row * _shape.ValueHeads), _shape.ValueHeads, keeps);
    }

    private static void CopyPart(nint inputs, nint region, int floats, bool keeps) =>
        VectorOps.Copy(keeps ? region : inputs, keeps ? inputs : region, floats);

    private static nint At(nint address, long floats) => address + (nint)(floats * 4);

    private void Project(nint input)
    {
        long stride = _pass.Work.StreamStride;
        if (_spec.Joint is { } joint)
        {
            _pass.Multiply(joint, input, stride, Mixed, _spec.MixedWidth);
            _pass.Crew.Run(_splitProjectionJob, _pass.Count, 1);
        }
        else
        {
            _pass.Multiply(_spec.Qkv!, input, stride, Rows, _spec.RowWidth);
            _pass.Multiply(_spec.Gate!, input, stride, Gates, _spec.GateWidth, sameInput: true);
        }

        if (_spec.Gates is { } gates)
        {
            _pass.Multiply(gates, input, stride, Mixed, _spec.MixedWidth, sameInput: true);
            _pass.Crew.Run(_splitGatesJob, _pass.Count, 1);
        }
        else
        {
            _pass.Multiply(_spec.Beta!, input, stride, Beta, _shape.ValueHeads, sameInput: true);
            _pass.Multiply(_spec.Alpha!, input, stride, Decay, _shape.ValueHeads, sameInput: true);
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
            DeltaNet.SplitProjection(_shape, At(Mixed, r * _spec.MixedWidth), At(Rows, r * _spec.RowWidth), At(Gates, r * _spec.GateWidth));
        }
    }

    private void SplitGates(int begin, int end, int worker)
    {
        for (int r = begin; r < end; r++)
        {
            long heads = (long)r * _shape.ValueHeads;
            DeltaNet.SplitGates(_shape, At(Mixed, r * _spec.MixedWidth), At(Beta, heads), At(Decay, heads));
        }
    }

    private void Convolve(int begin, int end, int worker)
    {
        nint rows = At(Rows, _first * _spec.RowWidth);
        CausalConv.Advance(_pass.Address(_spec.Convolution), _shape.Taps, _shape.Channels, begin, end, rows, _spec.RowWidth, _count, _state,
            rows, _spec.RowWidth);
    }

    private void PrepareKeys(int begin, int end, int worker)
    {
        DeltaNet.NormaliseKeys(_shape, At(Rows, (_first + begin) * _spec.RowWidth), _spec.RowWidth, end - begin, _pass.Spec.Epsilon);
        for (int r = _first + begin; r < _first + end; r++)
        {
            long heads = (long)r * _shape.ValueHeads;
            nint beta = At(Beta, heads), decay = At(Decay, heads);
            DeltaNet.Gates(beta, decay, _pass.Address(_spec.Rates), _pass.Address(_spec.StepBias), beta, decay, _shape.ValueHeads);
        }
    }

    private void Advance(int begin, int end, int worker)
    {
        nint rows = At(Rows, _first * _spec.RowWidth);
        long heads = (long)_first * _shape.ValueHeads;
        DeltaNetRows tokens = new(_count, rows, _spec.RowWidth, At(Beta, heads), At(Decay, heads), At(rows, _shape.ValueOffset),
            _spec.RowWidth);
        DeltaNet.Advance(_shape, begin, end, tokens, At(_state, _spec.MatrixOffset));
    }

    private void FinishRows(int begin, int end, int worker)
    {
        for (int r = begin; r < end; r++)
        {
            nint heads = At(Rows, (r * _spec.RowWidth) + _shape.ValueOffset);
            Norms.GatedRmsNorm(heads, _pass.Address(_spec.Norm), At(Gates, r * _spec.GateWidth), heads, _shape.ValueHeads, _shape.ValueDim,
                _pass.Spec.Epsilon);
        }
    }
}
