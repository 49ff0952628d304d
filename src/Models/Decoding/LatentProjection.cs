using LayerStream.Kernels;
using LayerStream.Kernels.Ops;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Decoding;

/// <summary>The part that both forms of <see cref="LatentAttentionSpec"/> share: rotated queries, and each row's normed latent vector with
/// its rotated key.</summary>
internal sealed class LatentProjection
{
    private readonly PassContext _pass;
    private readonly LatentAttentionSpec _spec;
    private readonly RangeJob _latentJob;
    private readonly RangeJob _queryJob;

    internal LatentProjection(PassContext pass, LatentAttentionSpec spec)
    {
        (_pass, _spec) = (pass, spec);
        _latentJob = new RangeJob(FinishLatents);
        _queryJob = new RangeJob(TurnQueries);
    }

    internal void Run(FloatRows input)
    {
        Workspace work = _pass.Work;
        FloatRows queryInput = input;
        if (_spec.QueryDown is { } down)
        {
            queryInput = work.Inner.FromColumn(_spec.QueryDownOffset);
            _pass.Multiply(down, input, queryInput);
        }

        _pass.Multiply(_spec.KeyValueDown, input, work.Inner.FromColumn(_spec.LatentOffset), sameInput: _spec.QueryDown is not null);
        _pass.Crew.Run(_latentJob, _pass.Count, 1);
        _pass.Multiply(_spec.Query, queryInput, work.Inner, sameInput: _spec.QueryDown is null);
        _pass.Crew.Run(_queryJob, _pass.Count, 1);
    }

    /// <summary>Factor on the scores of a row.</summary>
    internal float Scale(int row) => _spec.Temperature is { } temperature ? _spec.Scale * temperature.At(_pass.Rows[row].Position)
        : _spec.Scale;

    private void FinishLatents(int begin, int end, int worker)
    {
        float epsilon = _pass.Spec.Epsilon;
        for (int r = begin; r < end; r++)
        {
            nint latent = _pass.Work.Inner.At(r, _spec.LatentOffset), key = _pass.Work.Inner.At(r, _spec.LatentOffset + _spec.Latent);
            VectorOps.RmsNorm(latent, _pass.Address(_spec.LatentNorm), latent, _spec.Latent, epsilon);
            RopeTable.Apply(_spec.RopeStyle, key, 1, _spec.RopeDim, _pass.Work.RopeAddress(r, _spec.Rope), _spec.RopeDim);
            if (_spec.QueryNorm is { } norm)
            {
                nint query = _pass.Work.Inner.At(r, _spec.QueryDownOffset);
                VectorOps.RmsNorm(query, _pass.Address(norm), query, norm.Count, epsilon);
            }
        }
    }

    private void TurnQueries(int begin, int end, int worker)
    {
        for (int r = begin; r < end; r++)
        {
            RopeTable.Apply(_spec.RopeStyle, _pass.Work.Inner.At(r, _spec.PlainDim), _spec.Heads, _spec.QueryDim,
                _pass.Work.RopeAddress(r, _spec.Rope), _spec.RopeDim);
        }
    }
}
