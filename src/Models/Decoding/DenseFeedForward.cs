using LayerStream.Models.Spec;

namespace LayerStream.Models.Decoding;

/// <summary>Runs <see cref="DenseFfnSpec"/>; a row of intermediate results, anywhere in the workspace, holds the gate, then the values, and
/// the product replaces the gate.</summary>
internal sealed class DenseFeedForward : BranchExecutor
{
    private const int ActivationGrain = 4096; // values that are worth waking another thread for

    private readonly PassContext _pass;
    private readonly DenseFfnSpec _spec;
    private readonly GatedOperator _activation;
    private readonly RangeJob _activateJob;
    private readonly nint _rows;
    private readonly long _stride;

    internal DenseFeedForward(PassContext pass, DenseFfnSpec spec)
        : this(pass, spec, pass.Work.Inner, pass.Work.InnerStride)
    {
    }

    /// <param name="rows">Address of the first row of intermediate results.</param>
    /// <param name="stride">Floats from row to row.</param>
    internal DenseFeedForward(PassContext pass, DenseFfnSpec spec, nint rows, long stride)
    {
        (_pass, _spec, _activation, _rows, _stride) = (pass, spec, GatedOperators.Of(spec.Activation), rows, stride);
        _activateJob = new RangeJob(Activate);
    }

    internal override void Run(nint input, nint output)
    {
        Workspace work = _pass.Work;
        if (_spec.Gate is { } gate)
        {
            _pass.Multiply(gate, input, work.StreamStride, _rows, _stride);
            _pass.Multiply(_spec.Up, input, work.StreamStride, _rows + (nint)(_spec.Width * 4L), _stride, sameInput: true);
        }
        else
        {
            _pass.Multiply(_spec.Up, input, work.StreamStride, _rows, _stride);
        }

        _pass.Crew.Run(_activateJob, _pass.Count * _spec.Width, ActivationGrain);
        _pass.Multiply(_spec.Down, _rows, _stride, output, work.StreamStride);
    }

    /// <summary>Values [begin, end) of all rows taken one after the other.</summary>
    private void Activate(int begin, int end, int worker)
    {
        for (int at = begin; at < end;)
        {
            int row = at / _spec.Width, column = at % _spec.Width, n = Math.Min(_spec.Width - column, end - at);
            nint gate = _rows + (nint)(((row * _stride) + column) * 4);
            _activation(gate, gate + (nint)(_spec.Width * 4L), gate, n);
            at += n;
        }
    }
}
