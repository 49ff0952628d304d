using LayerStream.Kernels;
using LayerStream.Kernels.Ops;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Decoding;

/// <summary>Runs <see cref="LayerInputGateSpec"/>.</summary>
internal sealed class LayerInputGate : BranchExecutor
{
    private readonly PassContext _pass;
    private readonly LayerInputGateSpec _spec;
    private readonly int _layer;
    private readonly RangeJob _gateJob;

    internal LayerInputGate(PassContext pass, LayerInputGateSpec spec, int layer)
    {
        (_pass, _spec, _layer) = (pass, spec, layer);
        _gateJob = new RangeJob(GateRows);
    }

    internal override void Run(FloatRows input, FloatRows output)
    {
        Workspace work = _pass.Work;
        _pass.Multiply(_spec.Gate, input, work.Inner);
        _pass.Crew.Run(_gateJob, _pass.Count, 1);
        _pass.Multiply(_spec.Projection, work.Inner, output);
    }

    private void GateRows(int begin, int end, int worker)
    {
        for (int r = begin; r < end; r++)
        {
            nint gate = _pass.Work.Inner[r];
            VectorOps.GeluMultiply(gate, _pass.Work.LayerInputs.At(r, (long)_layer * _spec.Width), gate, _spec.Width);
        }
    }
}
