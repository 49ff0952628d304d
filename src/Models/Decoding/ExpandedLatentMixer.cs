using LayerStream.Kernels;
using LayerStream.Kernels.Ops;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Decoding;

/// <summary>
/// Runs <see cref="LatentAttentionSpec"/> of a file with keys and values in one matrix, whose rows are of use in one order only: every
/// token's keys and values are made once and kept. In a page the layer has a K area [128 × KeyWidth], then a V area [128 × ValueWidth].
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

    internal override void Run(FloatRows input, FloatRows output)
    {
        Workspace work = _pass.Work;
        _projection.Run(input);
        _pass.Multiply(_spec.KeyValueUp!, work.Inner.FromColumn(_spec.LatentOffset), work.Inner.FromColumn(_spec.WideOffset));
        _pass.Crew.Run(_storeJob, _pass.Count, 1);
        _pass.Crew.Run(_attendJob, _pass.Count * _spec.Heads, 1);
        _pass.Multiply(_spec.Output, work.Inner.FromColumn(_spec.MixedOffset), output);
    }

    private CachedRows Keys(SequenceState s, int head) => s.Table(_layer, _spec.KeyWidth).Head(head, _spec.QueryDim);

    private CachedRows Values(SequenceState s, int head) =>
        s.Table(_layer, _spec.ValueWidth, behind: _spec.KeyWidth).Head(head, _spec.ValueDim);

    private void StoreRows(int begin, int end, int worker)
    {
        for (int r = begin; r < end; r++)
        {
            SequenceState s = _pass.Rows[r].Sequence;
            int token = _pass.Rows[r].Position;
            nint turned = _pass.Work.Inner.At(r, _spec.LatentOffset + _spec.Latent);
            FloatRows heads = new(_pass.Work.Inner.At(r, _spec.WideOffset), _spec.PlainDim + _spec.ValueDim);
            for (int h = 0; h < _spec.Heads; h++)
            {
                CachedRows keys = Keys(s, h);
                s.Store(heads[h], keys.Part(0, _spec.PlainDim), token);
                s.Store(turned, keys.Part(_spec.PlainDim, _spec.RopeDim), token);
                s.Store(heads.At(h, _spec.PlainDim), Values(s, h), token);
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
                _pass.Work.Inner.At(r, (long)h * _spec.QueryDim), Keys(s, h), Values(s, h), new KeyRange(0, row.Position + 1),
                _projection.Scale(r), _pass.Work.Inner.At(r, _spec.MixedOffset + ((long)h * _spec.ValueDim)), _pass.Work.ScratchOf(worker));
        }
    }
}
