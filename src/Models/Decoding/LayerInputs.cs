using LayerStream.Kernels;
using LayerStream.Kernels.Ops;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Decoding;

/// <summary>Makes the layer inputs of a pass from the tokens' table rows, which are in place, and their scaled embeddings.</summary>
internal sealed class LayerInputs
{
    private readonly PassContext _pass;
    private readonly LayerInputSpec _spec;
    private readonly RangeJob _mergeJob;

    internal LayerInputs(PassContext pass, LayerInputSpec spec)
    {
        (_pass, _spec) = (pass, spec);
        _mergeJob = new RangeJob(MergeRows);
    }

    internal void Run()
    {
        Workspace work = _pass.Work;
        _pass.Multiply(_spec.Projection, work.Stream, work.Inner);
        _pass.Crew.Run(_mergeJob, _pass.Count, 1);
    }

    private void MergeRows(int begin, int end, int worker)
    {
        float projectedScale = (float)(1 / Math.Sqrt(_pass.Spec.Width)), rootHalf = (float)Math.Sqrt(0.5),
            tableScale = (float)Math.Sqrt(_spec.Width / 2.0);
        for (int r = begin; r < end; r++)
        {
            nint projected = _pass.Work.Inner[r], table = _pass.Work.LayerInputs[r];
            FloatRows pieces = new(projected, _spec.Width);
            VectorOps.Scale(projected, _spec.RowWidth, projectedScale);
            for (int l = 0; l < _spec.Layers; l++)
            {
                VectorOps.RmsNorm(pieces[l], _pass.Address(_spec.Norm), pieces[l], _spec.Width, _pass.Spec.Epsilon);
            }

            VectorOps.Scale(table, _spec.RowWidth, tableScale);
            VectorOps.AddScaled(table, projected, _spec.RowWidth, rootHalf);
        }
    }
}
