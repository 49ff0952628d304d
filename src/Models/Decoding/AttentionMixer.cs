using LayerStream.Kernels.Ops;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Decoding;

/// <summary>
/// Runs <see cref="AttentionSpec"/>. A row of intermediate results holds q, k, v, then the mixed heads; the layer's state is a K area
/// [context × KeyWidth], then a V area [context × ValueWidth].
/// </summary>
internal sealed class AttentionMixer : BranchExecutor
{
    private readonly PassContext _pass;
    private readonly AttentionSpec _spec;
    private readonly int _kvLayer;
    private readonly bool _writesKv;
    private readonly RangeJob _inputJob;
    private readonly RangeJob _attendJob;

    internal AttentionMixer(PassContext pass, AttentionSpec spec, int layer)
    {
        (_pass, _spec, _kvLayer, _writesKv) = (pass, spec, spec.KvSource ?? layer, spec.KvSource is null);
        _inputJob = new RangeJob(PrepareRows);
        _attendJob = new RangeJob(Attend);
    }

    internal override void Run(nint input, nint output)
    {
        Workspace work = _pass.Work;
        Project(input);
        _pass.Crew.Run(_inputJob, _pass.Count, 1);
        _pass.Crew.Run(_attendJob, _pass.Count * _spec.KvHeads, 1);
        _pass.Multiply(_spec.Output, work.InnerRow(0, _spec.MixedOffset), work.InnerStride, output, work.StreamStride);
    }

    private void Project(nint input)
    {
        Workspace work = _pass.Work;
        if (_spec.Qkv is { } fused)
        {
            _pass.Multiply(fused, input, work.StreamStride, work.Inner, work.InnerStride);
            return;
        }

        _pass.Multiply(_spec.Query!, input, work.StreamStride, work.Inner, work.InnerStride);
        if (_spec.Key is { } key)
        {
            _pass.Multiply(key, input, work.StreamStride, work.InnerRow(0, _spec.QueryWidth), work.InnerStride, sameInput: true);
        }

        if (_spec.Value is { } value)
        {
            _pass.Multiply(value, input, work.StreamStride, work.InnerRow(0, _spec.QueryWidth + _spec.KeyWidth), work.InnerStride,
                sameInput: true);
        }
    }

    /// <summary>Norms, rotation, and the write of K and V into the row's sequence.</summary>
    private void PrepareRows(int begin, int end, int worker)
    {
        for (int r = begin; r < end; r++)
        {
            nint q = _pass.Work.InnerRow(r, 0);
            PrepareHeads(q, _spec.Heads, _spec.QueryStride, _spec.QueryNorm, r);
            if (!_writesKv)
            {
                continue;
            }

            nint k = _pass.Work.InnerRow(r, _spec.QueryWidth), v = _pass.Work.InnerRow(r, _spec.QueryWidth + _spec.KeyWidth);
            if (_spec.Value is null && _spec.Qkv is null)
            {
                VectorOps.Copy(k, v, _spec.KeyWidth); // before the keys' norm and rotation
            }

            PrepareHeads(k, _spec.KvHeads, _spec.KeyDim, _spec.KeyNorm, r);
            if (_spec.NormalisesValues)
            {
                NormHeads(v, _spec.KvHeads, _spec.ValueDim, _spec.ValueDim, 0);
            }

            SequenceState s = _pass.Rows[r].Sequence;
            int at = _pass.Rows[r].Position;
            s.Store(k, Keys(s), (long)at * _spec.KeyWidth, _spec.KeyWidth);
            s.Store(v, Values(s), (long)at * _spec.ValueWidth, _spec.ValueWidth);
        }
    }

    private void PrepareHeads(nint x, int heads, int stride, SmallWeight? norm, int row)
    {
        if (norm is not null && _spec.QkNorm == QkNorm.Row)
        {
            VectorOps.RmsNorm(x, _pass.Address(norm), x, heads * _spec.KeyDim, _pass.Spec.Epsilon);
        }
        else if (norm is not null)
        {
            NormHeads(x, heads, _spec.KeyDim, stride, _pass.Address(norm));
        }

        if (_spec.Rope is { } rope)
        {
            RopeTable.Apply(_spec.RopeStyle, x, heads, stride, _pass.Work.RopeAddress(row, rope), _pass.Spec.Ropes[rope].Dimensions);
            if (_spec.QkNorm == QkNorm.HeadAfterRope)
            {
                NormHeads(x, heads, _spec.KeyDim, stride, 0);
            }
        }
    }

    private void NormHeads(nint x, int heads, int dim, int stride, nint weight)
    {
        for (int h = 0; h < heads; h++)
        {
            nint head = x + (nint)((long)h * stride * 4);
            VectorOps.RmsNorm(head, weight, head, dim, _pass.Spec.Epsilon);
        }
    }

    private nint Keys(SequenceState s) => s.Area(_kvLayer);

    private nint Values(SequenceState s) => s.Area(_kvLayer) + (nint)((long)s.Context * _spec.KeyWidth * s.ElementBytes);

    /// <summary>Units are (row, KV head): the query heads that share one read its keys once.</summary>
    private void Attend(int begin, int end, int worker)
    {
        AttentionSpec a = _spec;
        int group = a.Heads / a.KvHeads;
        for (int u = begin; u < end; u++)
        {
            int r = u / a.KvHeads, kv = u % a.KvHeads, firstHead = kv * group;
            PassRow row = _pass.Rows[r];
            SequenceState s = row.Sequence;
            int firstKey = a.Window.FirstKey(row.Position);
            float scale = a.Temperature is { } temperature ? a.Scale * temperature.At(row.Position) : a.Scale;
            FloatRows query = new(_pass.Work.InnerRow(r, (long)firstHead * a.QueryStride), a.QueryStride);
            FloatRows output = new(_pass.Work.InnerRow(r, a.MixedOffset + ((long)firstHead * a.ValueDim)), a.ValueDim);
            nint sinks = a.Sinks is { } weight ? _pass.Address(weight) + (firstHead * 4) : 0;
            Attention.Group(query, group, s.Head(Keys(s), a.KeyWidth, kv, a.KeyDim), s.Head(Values(s), a.ValueWidth, kv, a.ValueDim),
                new KeyRange(firstKey, row.Position + 1 - firstKey), scale, output, _pass.Work.ScratchOf(worker), sinks);
            for (int h = 0; a.HasQueryGate && h < group; h++)
            {
                nint gate = query[h] + (a.KeyDim * sizeof(float)); // behind the head's query
                VectorOps.SigmoidMultiply(gate, output[h], output[h], a.ValueDim);
            }
        }
    }
}
