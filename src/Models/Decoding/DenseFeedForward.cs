namespace LayerStream.Models;

/// <summary>Runs <see cref="DenseFfnSpec"/>; a row of intermediate results holds the gate, then the values, and the product replaces the gate.</summary>
internal sealed class DenseFeedForward : BranchExecutor
{
    private const int ActivationGrain = 4096; // values that are worth waking another thread for

    private readonly PassContext _pass;
    private readonly DenseFfnSpec _spec;
    private readonly GatedOperator _activation;
    private readonly RangeJob _activateJob;

    internal DenseFeedForward(PassContext pass, DenseFfnSpec spec)
    {
        (_pass, _spec, _activation) = (pass, spec, GatedOperators.Of(spec.Activation));
        _activateJob = new RangeJob(Activate);
    }

    internal override void Run(nint input, nint output)
    {
        Workspace work = _pass.Work;
        if (_spec.Gate is { } gate)
        {
            _pass.Multiply(gate, input, work.StreamStride, work.Inner, work.InnerStride);
            _pass.Multiply(_spec.Up, input, work.StreamStride, work.Inner + (nint)(_spec.Width * 4L), work.InnerStride, sameInput: true);
        }
        else
        {
            _pass.Multiply(_spec.Up, input, work.StreamStride, work.Inner, work.InnerStride);
        }

        _pass.Crew.Run(_activateJob, _pass.Count * _spec.Width, ActivationGrain);
        _pass.Multiply(_spec.Down, work.Inner, work.InnerStride, output, work.StreamStride);
    }

    /// <summary>Values [begin, end) of all rows taken one after the other.</summary>
    private void Activate(int begin, int end, int worker)
    {
        for (int at = begin; at < end;)
        {
            int row = at / _spec.Width, column = at % _spec.Width, n = Math.Min(_spec.Width - column, end - at);
            nint gate = _pass.Work.InnerRow(row, column);
            _activation(gate, gate + (nint)(_spec.Width * 4L), gate, n);
            at += n;
        }
    }
}
