using LayerStream.Kernels;
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
    private readonly FloatRows _gates, _values;

    internal DenseFeedForward(PassContext pass, DenseFfnSpec spec)
        : this(pass, spec, pass.Work.Inner)
    {
    }

    /// <param name="rows">Rows of intermediate results.</param>
    internal DenseFeedForward(PassContext pass, DenseFfnSpec spec, FloatRows rows)
    {
        (_pass, _spec, _activation) = (pass, spec, GatedOperators.Of(spec.Activation));
        (_gates, _values) = (rows, rows.FromColumn(spec.Width));
        _activateJob = new RangeJob(Activate);
    }

    internal override void Run(FloatRows input, FloatRows output)
    {
        if (_spec.Gate is { } gate)
        {
            _pass.Multiply(gate, input, _gates);
            _pass.Multiply(_spec.Up, input, _values, sameInput: true);
        }
        else
        {
            _pass.Multiply(_spec.Up, input, _gates);
        }

        _pass.Crew.Run(_activateJob, _pass.Count * _spec.Width, ActivationGrain);
        _pass.Multiply(_spec.Down, _gates, output);
    }

    /// <summary>Values [begin, end) of all rows taken one after the other.</summary>
    private void Activate(int begin, int end, int worker)
    {
        for (int at = begin; at < end;)
        {
            int row = at / _spec.Width, column = at % _spec.Width, n = Math.Min(_spec.Width - column, end - at);
            nint gate = _gates.At(row, column);
            _activation(gate, _values.At(row, column), gate, n);
            at += n;
        }
    }
}
