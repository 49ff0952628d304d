using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LayerStream.Kernels.Ops;

/// <summary>
/// The delta rule on some columns of one head's matrix. Columns do not depend on each other, so all tokens of a call run over a
/// panel that stays in the first-level cache. A column's sums over keys run in four interleaved parts; the keys after the last
/// multiple of four join the first part: the same bits at every instruction-set level that has fused multiply-add.
/// </summary>
internal readonly unsafe struct DeltaPanel
{
    /// <summary>Columns of a panel: 128 keys make 16 KiB.</summary>
    public const int Columns = 32;

    private const int Parts = 4;

    private readonly int _tokens;
    private readonly int _keyDim;
    private readonly int _heads; // stride of beta and decay
    private readonly float* _query;
    private readonly float* _key;
    private readonly float* _value;
    private readonly long _rowStride;
    private readonly float* _beta;
    private readonly float* _decay;
    private readonly float* _output;
    private readonly long _outputStride;
    private readonly float* _matrix;

    private DeltaPanel(in DeltaNetShape shape, in DeltaNetRows rows, int head, int firstColumn, nint matrices)
    {
        (_tokens, _keyDim, _heads) = (rows.Count, shape.KeyDim, shape.ValueHeads);
        (_rowStride, _outputStride) = (rows.Rows.Stride, rows.Output.Stride);
        long column = ((long)head * shape.ValueDim) + firstColumn;
        _query = (float*)rows.Rows.Address + ((long)shape.KeyHeadOf(head) * shape.KeyDim);
        _key = _query + shape.KeyOffset;
        _value = (float*)rows.Rows.Address + shape.ValueOffset + column;
        _beta = (float*)rows.Beta + head;
        _decay = (float*)rows.Decay + head;
        _output = (float*)rows.Output.Address + column;
        _matrix = (float*)matrices + (column * shape.KeyDim);
    }

    /// <summary>The panel of a head that starts at a column.</summary>
    public static DeltaPanel Of(in DeltaNetShape shape, in DeltaNetRows rows, int head, int firstColumn, nint matrices) =>
        new(shape, rows, head, firstColumn, matrices);

    /// <summary>Takes all tokens through the panel's <paramref name="width"/> columns.</summary>
    public void Advance(IsaLevel level, int width)
    {
        int column = 0;
        if (level == IsaLevel.Avx512)
        {
            for (; column <= width - (2 * FloatLanes512.Count); column += 2 * FloatLanes512.Count)
            {
                TwoVectors<FloatLanes512, Vector512<float>>(column, width);
            }
        }

        if (level >= IsaLevel.Avx2)
        {
            for (; column <= width - (2 * FloatLanes256.Count); column += 2 * FloatLanes256.Count)
            {
                TwoVectors<FloatLanes256, Vector256<float>>(column, width);
            }
        }

        for (; column < width; column++)
        {
            OneColumn(column, width);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TwoVectors<TLanes, TVector>(int column, int width)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct
    {
        for (int t = 0; t < _tokens; t++)
        {
            float* key = _key + (t * _rowStride);
            float* value = _value + (t * _rowStride) + column;
            float* output = _output + (t * _outputStride) + column;
            float decay = _decay[(long)t * _heads];
            TVector beta = TLanes.Create(_beta[(long)t * _heads]);
            TVector minusDecay = TLanes.Create(-decay);
            Recall<TLanes, TVector>(_matrix + column, width, _keyDim, key, out TVector left, out TVector right);
            left = TLanes.Multiply(beta, TLanes.MultiplyAdd(minusDecay, left, TLanes.Load(value)));
            right = TLanes.Multiply(beta, TLanes.MultiplyAdd(minusDecay, right, TLanes.Load(value + TLanes.Count)));
            Learn<TLanes, TVector>(_matrix + column, width, _keyDim, key, _query + (t * _rowStride), TLanes.Create(decay),
                ref left, ref right);
            TLanes.Store(left, output);
            TLanes.Store(right, output + TLanes.Count);
        }
    }

    /// <summary>Mᵀk of two vectors of columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Recall<TLanes, TVector>(float* m, long width, int keyDim, float* key, out TVector left, out TVector right)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct
    {
        TVector l0 = default, l1 = default, l2 = default, l3 = default, r0 = default, r1 = default, r2 = default, r3 = default;
        int i = 0;
        for (; i <= keyDim - Parts; i += Parts, m += Parts * width)
        {
            TVector k = TLanes.Create(key[i]);
            l0 = TLanes.MultiplyAdd(TLanes.Load(m), k, l0);
            r0 = TLanes.MultiplyAdd(TLanes.Load(m + TLanes.Count), k, r0);
            k = TLanes.Create(key[i + 1]);
            l1 = TLanes.MultiplyAdd(TLanes.Load(m + width), k, l1);
            r1 = TLanes.MultiplyAdd(TLanes.Load(m + width + TLanes.Count), k, r1);
            k = TLanes.Create(key[i + 2]);
            l2 = TLanes.MultiplyAdd(TLanes.Load(m + (2 * width)), k, l2);
            r2 = TLanes.MultiplyAdd(TLanes.Load(m + (2 * width) + TLanes.Count), k, r2);
            k = TLanes.Create(key[i + 3]);
            l3 = TLanes.MultiplyAdd(TLanes.Load(m + (3 * width)), k, l3);
            r3 = TLanes.MultiplyAdd(TLanes.Load(m + (3 * width) + TLanes.Count), k, r3);
        }

        for (; i < keyDim; i++, m += width)
        {
            TVector k = TLanes.Create(key[i]);
            l0 = TLanes.MultiplyAdd(TLanes.Load(m), k, l0);
            r0 = TLanes.MultiplyAdd(TLanes.Load(m + TLanes.Count), k, r0);
        }

        left = TLanes.Add(TLanes.Add(l0, l1), TLanes.Add(l2, l3));
        right = TLanes.Add(TLanes.Add(r0, r1), TLanes.Add(r2, r3));
    }

    /// <summary>M ← decay · M + k dᵀ for two vectors of columns; d goes in, Mᵀq comes out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Learn<TLanes, TVector>(
        float* m, long width, int keyDim, float* key, float* query, TVector decay, ref TVector left, ref TVector right)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct
    {
        TVector l0 = default, l1 = default, l2 = default, l3 = default, r0 = default, r1 = default, r2 = default, r3 = default;
        TVector dl = left, dr = right;
        int i = 0;
        for (; i <= keyDim - Parts; i += Parts, m += Parts * width)
        {
            LearnRow<TLanes, TVector>(m, key[i], query[i], decay, dl, dr, ref l0, ref r0);
            LearnRow<TLanes, TVector>(m + width, key[i + 1], query[i + 1], decay, dl, dr, ref l1, ref r1);
            LearnRow<TLanes, TVector>(m + (2 * width), key[i + 2], query[i + 2], decay, dl, dr, ref l2, ref r2);
            LearnRow<TLanes, TVector>(m + (3 * width), key[i + 3], query[i + 3], decay, dl, dr, ref l3, ref r3);
        }

        for (; i < keyDim; i++, m += width)
        {
            LearnRow<TLanes, TVector>(m, key[i], query[i], decay, dl, dr, ref l0, ref r0);
        }

        left = TLanes.Add(TLanes.Add(l0, l1), TLanes.Add(l2, l3));
        right = TLanes.Add(TLanes.Add(r0, r1), TLanes.Add(r2, r3));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LearnRow<TLanes, TVector>(
        float* m, float key, float query, TVector decay, TVector dl, TVector dr, ref TVector left, ref TVector right)
        where TLanes : struct, IFloatLanes<TVector>
        where TVector : struct
    {
        TVector k = TLanes.Create(key);
        TVector q = TLanes.Create(query);
        TVector l = TLanes.MultiplyAdd(k, dl, TLanes.Multiply(TLanes.Load(m), decay));
        TVector r = TLanes.MultiplyAdd(k, dr, TLanes.Multiply(TLanes.Load(m + TLanes.Count), decay));
        TLanes.Store(l, m);
        TLanes.Store(r, m + TLanes.Count);
        left = TLanes.MultiplyAdd(l, q, left);
        right = TLanes.MultiplyAdd(r, q, right);
    }

    private void OneColumn(int column, int width)
    {
        float* parts = stackalloc float[Parts];
        int whole = _keyDim / Parts * Parts;
        for (int t = 0; t < _tokens; t++)
        {
            float* key = _key + (t * _rowStride);
            float* query = _query + (t * _rowStride);
            float decay = _decay[(long)t * _heads];
            new Span<float>(parts, Parts).Clear();
            for (int i = 0; i < _keyDim; i++)
            {
                ref float part = ref parts[i < whole ? i % Parts : 0];
                part = Lanes.MultiplyAdd(_matrix[((long)i * width) + column], key[i], part);
            }

            float recalled = parts[0] + parts[1] + (parts[2] + parts[3]);
            float d = _beta[(long)t * _heads] * Lanes.MultiplyAdd(-decay, recalled, _value[(t * _rowStride) + column]);
            new Span<float>(parts, Parts).Clear();
            for (int i = 0; i < _keyDim; i++)
            {
                ref float cell = ref _matrix[((long)i * width) + column];
                ref float part = ref parts[i < whole ? i % Parts : 0];
                cell = Lanes.MultiplyAdd(key[i], d, cell * decay);
                part = Lanes.MultiplyAdd(cell, query[i], part);
            }

            _output[(t * _outputStride) + column] = parts[0] + parts[1] + (parts[2] + parts[3]);
        }
    }
}
