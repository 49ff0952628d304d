using LayerStream.Kernels;
using LayerStream.Kernels.Ops;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Decoding;

/// <summary>
/// Runs <see cref="AttentionSpec"/>. A row of intermediate results holds q, k, v, then the mixed heads; in a page the layer has
/// a K area [128 × KeyWidth], then a V area [128 × ValueWidth].
/// </summary>
internal sealed class AttentionMixer : BranchExecutor
{
    private const int UnitsPerThread = 4; // at least, so that the last ones leave no thread idle for long

    private readonly PassContext _pass;
    private readonly AttentionSpec _spec;
    private readonly int _kvLayer;
    private readonly bool _writesKv;
    private readonly RangeJob _inputJob;
    private readonly RangeJob _attendJob;
    private int _tokens; // of a unit
    private int _units;

    internal AttentionMixer(PassContext pass, AttentionSpec spec, int layer)
    {
        (_pass, _spec, _kvLayer, _writesKv) = (pass, spec, spec.KvSource ?? layer, spec.KvSource is null);
        _inputJob = new RangeJob(PrepareRows);
        _attendJob = new RangeJob(Attend);
    }

    internal override void Run(FloatRows input, FloatRows output)
    {
        Workspace work = _pass.Work;
        Project(input);
        _pass.Crew.Run(_inputJob, _pass.Count, 1);
        _tokens = Math.Clamp(_pass.Count * _spec.KvHeads / (UnitsPerThread * _pass.Crew.Threads), 1, _spec.TokensTogether);
        _units = (_pass.Count + _tokens - 1) / _tokens * _spec.KvHeads;
        _pass.Crew.Run(_attendJob, _units, 1);
        _pass.Multiply(_spec.Output, work.Inner.FromColumn(_spec.MixedOffset), output);
    }

    private void Project(FloatRows input)
    {
        Workspace work = _pass.Work;
        if (_spec.Qkv is { } fused)
        {
            _pass.Multiply(fused, input, work.Inner);
            return;
        }

        _pass.Multiply(_spec.Query!, input, work.Inner);
        if (_spec.Key is { } key)
        {
            _pass.Multiply(key, input, work.Inner.FromColumn(_spec.QueryWidth), sameInput: true);
        }

        if (_spec.Value is { } value)
        {
            _pass.Multiply(value, input, work.Inner.FromColumn(_spec.QueryWidth + _spec.KeyWidth), sameInput: true);
        }
    }

    /// <summary>Norms, rotation, and the write of K and V into the row's sequence.</summary>
    private void PrepareRows(int begin, int end, int worker)
    {
        FloatRows rows = _pass.Work.Inner;
        for (int r = begin; r < end; r++)
        {
            nint q = rows[r];
            PrepareHeads(q, _spec.Heads, _spec.QueryStride, _spec.QueryNorm, r);
            if (!_writesKv)
            {
                continue;
            }

            nint k = rows.At(r, _spec.QueryWidth), v = rows.At(r, _spec.QueryWidth + _spec.KeyWidth);
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
            s.Store(k, Keys(s), at);
            s.Store(v, Values(s), at);
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
        FloatRows rows = new(x, stride);
        for (int h = 0; h < heads; h++)
        {
            VectorOps.RmsNorm(rows[h], weight, rows[h], dim, _pass.Spec.Epsilon);
        }
    }

    private CachedRows Keys(SequenceState s) => s.Table(_kvLayer, _spec.KeyWidth);

    private CachedRows Values(SequenceState s) => s.Table(_kvLayer, _spec.ValueWidth, behind: _spec.KeyWidth);

    /// <summary>Units are (some rows, KV head), the last rows first: those of a prompt see most keys.</summary>
    private void Attend(int begin, int end, int worker)
    {
        for (int u = begin; u < end; u++)
        {
            int unit = _units - 1 - u, kv = unit % _spec.KvHeads, first = unit / _spec.KvHeads * _tokens;
            int behind = Math.Min(first + _tokens, _pass.Count);
            for (int r = first, next; r < behind; r = next)
            {
                for (next = r + 1; next < behind && Follows(next); next++)
                {
                }

                AttendRows(r, next - r, kv, worker);
            }
        }
    }

    /// <summary>Whether a row is the token after that of the row in front.</summary>
    private bool Follows(int r) => _pass.Rows[r].Sequence == _pass.Rows[r - 1].Sequence
        && _pass.Rows[r].Position == _pass.Rows[r - 1].Position + 1;

    /// <summary>Consecutive tokens of a sequence, and the query heads that share a KV head: they read its keys once.</summary>
    private void AttendRows(int first, int count, int kv, int worker)
    {
        AttentionSpec a = _spec;
        int group = a.Heads / a.KvHeads, firstHead = kv * group;
        SequenceState s = _pass.Rows[first].Sequence;
        FloatRows inner = _pass.Work.Inner.FromRow(first);
        HeadRows query = new(inner.FromColumn((long)firstHead * a.QueryStride), a.QueryStride);
        HeadRows output = new(inner.FromColumn(a.MixedOffset + ((long)firstHead * a.ValueDim)), a.ValueDim);
        nint sinks = a.Sinks is { } weight ? _pass.Address(weight, firstHead) : 0;
        Span<QueryToken> tokens = stackalloc QueryToken[Attention.MostTokens];
        for (int t = 0; t < count; t++)
        {
            int position = _pass.Rows[first + t].Position, firstKey = a.Window.FirstKey(position);
            float scale = a.Temperature is { } temperature ? a.Scale * temperature.At(position) : a.Scale;
            tokens[t] = new QueryToken(new KeyRange(firstKey, position + 1 - firstKey), scale);
        }

        Attention.Tokens(query, group, Keys(s).Head(kv, a.KeyDim), Values(s).Head(kv, a.ValueDim), tokens[..count], output,
            _pass.Work.ScratchOf(worker), sinks);
        for (int h = 0; a.HasQueryGate && h < count * group; h++)
        {
            nint mixed = output.At(h / group, h % group); // the gate is behind the query
            VectorOps.SigmoidMultiply(query.At(h / group, h % group) + (nint)(a.KeyDim * sizeof(float)), mixed, mixed, a.ValueDim);
        }
    }
}
