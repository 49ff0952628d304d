using LayerStream.Kernels;
using LayerStream.Kernels.Ops;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Decoding;

/// <summary>
/// Runs <see cref="LatentAttentionSpec"/> on the latent vectors themselves: a query goes through its head's key matrix, meets all latents,
/// and their mixture goes through the head's value matrix. In a page the layer has [128 × (latent | rotated key)].
/// </summary>
internal sealed class LatentMixer : BranchExecutor
{
    private readonly PassContext _pass;
    private readonly LatentAttentionSpec _spec;
    private readonly LatentProjection _projection;
    private readonly int _layer;
    private readonly int _units;
    private readonly RangeJob _storeJob;
    private readonly RangeJob _attendJob;

    internal LatentMixer(PassContext pass, LatentAttentionSpec spec, int layer)
    {
        (_pass, _spec, _layer, _projection) = (pass, spec, layer, new LatentProjection(pass, spec));
        _units = (spec.Heads + spec.HeadsPerUnit - 1) / spec.HeadsPerUnit;
        _storeJob = new RangeJob(StoreRows);
        _attendJob = new RangeJob(Attend);
    }

    internal override void Run(FloatRows input, FloatRows output)
    {
        Workspace work = _pass.Work;
        _projection.Run(input);
        HeadRows queries = new(work.Inner, _spec.QueryDim), wide = new(work.Inner.FromColumn(_spec.WideOffset), _spec.LatentKeyDim);
        _pass.MultiplyHeads(_spec.KeyUp!, _spec.Heads, queries, wide);
        _pass.Crew.Run(_storeJob, _pass.Count, 1);
        _pass.Crew.Run(_attendJob, _pass.Count * _units, 1);
        HeadRows mixed = new(work.Inner.FromColumn(_spec.MixedOffset), _spec.Latent), heads = new(work.Inner, _spec.ValueDim);
        _pass.MultiplyHeads(_spec.ValueUp!, _spec.Heads, mixed, heads);
        _pass.Multiply(_spec.Output, work.Inner, output);
    }

    /// <summary>Keeps each row's latent and key, and puts the rotated part behind the queries that meet the latent.</summary>
    private void StoreRows(int begin, int end, int worker)
    {
        FloatRows rows = _pass.Work.Inner;
        for (int r = begin; r < end; r++)
        {
            SequenceState s = _pass.Rows[r].Sequence;
            s.Store(rows.At(r, _spec.LatentOffset), s.Table(_layer, _spec.LatentKeyDim), _pass.Rows[r].Position);
            for (int h = 0; h < _spec.Heads; h++)
            {
                nint turned = rows.At(r, ((long)h * _spec.QueryDim) + _spec.PlainDim);
                VectorOps.Copy(turned, rows.At(r, _spec.WideOffset + ((long)h * _spec.LatentKeyDim) + _spec.Latent), _spec.RopeDim);
            }
        }
    }

    /// <summary>Units are (row, some heads), which read the row's latents once.</summary>
    private void Attend(int begin, int end, int worker)
    {
        for (int u = begin; u < end; u++)
        {
            int r = u / _units, head = u % _units * _spec.HeadsPerUnit, heads = Math.Min(_spec.HeadsPerUnit, _spec.Heads - head);
            PassRow row = _pass.Rows[r];
            SequenceState s = row.Sequence;
            CachedRows latents = s.Table(_layer, _spec.LatentKeyDim);
            FloatRows query = new(_pass.Work.Inner.At(r, _spec.WideOffset + ((long)head * _spec.LatentKeyDim)), _spec.LatentKeyDim);
            FloatRows mixed = new(_pass.Work.Inner.At(r, _spec.MixedOffset + ((long)head * _spec.Latent)), _spec.Latent);
            Attention.Group(query, heads, latents, latents.Part(0, _spec.Latent), new KeyRange(0, row.Position + 1),
                _projection.Scale(r), mixed, _pass.Work.ScratchOf(worker));
        }
    }
}
