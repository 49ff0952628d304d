using LayerStream.Kernels.Ops;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Decoding;

/// <summary>
/// Runs <see cref="LatentAttentionSpec"/> of a file with keys and values in one matrix, whose rows are of use in one order only: every
/// token's keys and values are made once and kept. The layer's state is a K area [context × KeyWidth], then a V area [context ×
/// ValueWidth].
/// </summary>
internal sealed class ExpandedLatentMixer : BranchExecutor
{
    private readonly PassContext _pass;
    private readonly LatentAttentionSpec _spec;
    private readonly LatentProjection _projection;
    private readonly int _layer;
    private readonly RangeJob _storeJob;
    private readonly RangeJob _attendJob;

    internal ExpandedLatentMixer(PassContext pass, LatentAttentionSpec spec, int layer)
    {
        (_pass, _spec, _layer, _projection) = (pass, spec, layer, new LatentProjection(pass, spec));
        _storeJob = new RangeJob(StoreRows);
        _attendJob = new RangeJob(Attend);
    }

    internal override void Run(nint input, nint output)
    {
        Workspace work = _pass.Work;
        _projection.Run(input);
        _pass.Multiply(_spec.KeyValueUp!, work.InnerRow(0, _spec.LatentOffset), work.InnerStride, work.InnerRow(0, _spec.WideOffset),
            work.InnerStride);
        _pass.Crew.Run(_storeJob, _pass.Count, 1);
        _pass.Crew.Run(_attendJob, _pass.Count * _spec.Heads, 1);
        _pass.Multiply(_spec.Output, work.InnerRow(0, _spec.MixedOffset), work.InnerStride, output, work.StreamStride);
    }

    private nint Values(SequenceState s) => s.Area(_layer) + (nint)((long)s.Context * _spec.KeyWidth * s.ElementBytes);

    private void StoreRows(int begin, int end, int worker)
    {
        for (int r = begin; r < end; r++)
        {
            SequenceState s = _pass.Rows[r].Sequence;
            long token = _pass.Rows[r].Position;
            nint turned = _pass.Work.InnerRow(r, _spec.LatentOffset + _spec.Latent);
            for (int h = 0; h < _spec.Heads; h++)
            {
                nint plain = _pass.Work.InnerRow(r, _spec.WideOffset + ((long)h * (_spec.PlainDim + _spec.ValueDim)));
                long key = (token * _spec.KeyWidth) + ((long)h * _spec.QueryDim);
                s.Store(plain, s.Area(_layer), key, _spec.PlainDim);
                s.Store(turned, s.Area(_layer), key + _spec.PlainDim, _spec.RopeDim);
                s.Store(plain + (nint)(_spec.PlainDim * 4L), Values(s), (token * _spec.ValueWidth) + ((long)h * _spec.ValueDim),
                    _spec.ValueDim);
            }
        }
    }

    /// <summary>Units are (row, head).</summary>
    private void Attend(int begin, int end, int worker)
    {
        for (int u = begin; u < end; u++)
        {
            int r = u / _spec.Heads, h = u % _spec.Heads;
            PassRow row = _pass.Rows[r];
            SequenceState s = row.Sequence;
            Attention.Head(
                _pass.Work.InnerRow(r, (long)h * _spec.QueryDim), s.Head(s.Area(_layer), _spec.KeyWidth, h, _spec.QueryDim),
                s.Head(Values(s), _spec.ValueWidth, h, _spec.ValueDim), new KeyRange(0, row.Position + 1), _projection.Scale(r),
                _pass.Work.InnerRow(r, _spec.MixedOffset + ((long)h * _spec.ValueDim)), _pass.Work.ScratchOf(worker));
        }
    }
}
