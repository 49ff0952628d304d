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

    internal override void Run(nint input, nint output)
    {
        Workspace work = _pass.Work;
        _pass.Multiply(_spec.Gate, input, work.StreamStride, work.Inner, work.InnerStride);
        _pass.Crew.Run(_gateJob, _pass.Count, 1);
        _pass.Multiply(_spec.Projection, work.Inner, work.InnerStride, output, work.StreamStride);
    }

    private void GateRows(int begin, int end, int worker)
    {
        for (int r = begin; r < end; r++)
        {
            nint gate = _pass.Work.InnerRow(r, 0);
            VectorOps.GeluMultiply(gate, _pass.Work.LayerInputAddress(r, (long)_layer * _spec.Width), gate, _spec.Width);
        }
    }
}
