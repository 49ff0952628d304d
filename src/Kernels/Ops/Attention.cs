using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LayerStream.Kernels.Ops;

/// <summary>
/// Attention of one query row over cached keys and values, on the calling thread, in F32. Keys are taken in blocks that end at
/// multiples of 128 of the absolute key index and merged in order by online softmax, so the result depends on nothing but the
/// query, the keys and the first key.
/// </summary>
public static unsafe class Attention
{
    /// <summary>Keys per block.</summary>
    public const int BlockKeys = 128;

    private const int TileRows = 4; // rows converted and used together
    private const int RowsAhead = 16; // rows asked of memory before they are read
    private const int MaxRowElements = 4096; // bounds the stack tile to 64 KiB

    /// <summary>Floats of scratch that <see cref="Group"/> needs (<see cref="Head"/>: heads = 1).</summary>
    public static long ScratchFloats(int heads, int valueDim) => (long)heads * (BlockKeys + valueDim);

    /// <summary>One query head: output = Σ_j softmax_j(scale · query·key_j) value_j over the visible keys j.</summary>
    /// <param name="query">As many floats as a key has.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="values">The values; may be the keys' first elements (MLA).</param>
    /// <param name="visible">Keys that take part.</param>
    /// <param name="scale">Factor on the scores.</param>
    /// <param name="output">As many floats as a value has; may be the query.</param>
    /// <param name="scratch">128 and as many floats as a value has.</param>
    /// <param name="sink">Logit that takes part in the softmax's denominator only, not scaled; null = none.</param>
    public static void Head(
        nint query, in CachedRows keys, in CachedRows values, KeyRange visible, float scale, nint output, nint scratch, float? sink = null)
    {
        float logit = sink.GetValueOrDefault();
        Group(new FloatRows(query, 0), 1, keys, values, visible, scale, new FloatRows(output, 0), scratch,
            sink.HasValue ? (nint)(&logit) : 0);
    }

    /// <summary>The query heads that share a KV head: every row is read and converted once. Same bits per head as
    /// <see cref="Head"/>.</summary>
    /// <param name="query">A row per head.</param>
    /// <param name="heads">Query heads.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="values">The values; may be the keys' first elements (MLA).</param>
    /// <param name="visible">Keys that take part.</param>
    /// <param name="scale">Factor on the scores.</param>
    /// <param name="output">A row per head; may be the query if rows and elements are equal.</param>
    /// <param name="scratch"><see cref="ScratchFloats"/> floats.</param>
    /// <param name="sinks">Address of one sink logit per head, or 0 for none.</param>
    [SkipLocalsInit]
    public static void Group(
        FloatRows query, int heads, in CachedRows keys, in CachedRows values, KeyRange visible, float scale, FloatRows output,
        nint scratch, nint sinks = 0)
    {
        int valueDim = values.Elements;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Math.Max(keys.Elements, valueDim), MaxRowElements);
        Debug.Assert(heads > 0 && visible is { First: >= 0, Count: >= 0 } && keys.Type == values.Type);
        float* scores = (float*)scratch; // per head BlockKeys scores, then weights
        float* sums = scores + ((long)heads * BlockKeys); // per head valueDim weighted sums
        Normaliser* states = stackalloc Normaliser[heads];
        float* tile = stackalloc float[keys.Type == KvType.F16 ? TileRows * Math.Max(keys.Elements, valueDim) : 1];
        Start(states, (float*)sinks, heads);
        new Span<float>(sums, heads * valueDim).Clear();

        int end = visible.First + visible.Count;
        for (int from = visible.First; from < end;)
        {
            int count = Math.Min(end, (from | (BlockKeys - 1)) + 1) - from;
            var keyRows = new Rows(keys, from, end, tile);
            var valueRows = new Rows(values, from, end, tile);
            Score(keyRows, valueRows, count, query, heads, scale, scores);
            for (int h = 0; h < heads; h++)
            {
                ToWeights(scores + (h * BlockKeys), count, ref states[h], sums + ((long)h * valueDim), valueDim);
            }

            Accumulate(valueRows, count, scores, heads, sums);
            from += count;
        }

        for (int h = 0; h < heads; h++)
        {
            float* destination = (float*)output[h];
            float inverse = states[h].Sum > 0 || float.IsNaN(states[h].Sum) ? 1f / states[h].Sum : 0f;
            Unsafe.CopyBlockUnaligned(destination, sums + ((long)h * valueDim), (uint)(valueDim * sizeof(float)));
            VectorOps.Scale((nint)destination, valueDim, inverse);
        }
    }

    private static void Start(Normaliser* states, float* sinks, int heads)
    {
        for (int h = 0; h < heads; h++)
        {
            states[h] = sinks == null ? new Normaliser(float.NegativeInfinity, 0f) : new Normaliser(sinks[h], 1f);
        }
    }

    /// <summary>scores[h][j] = scale · query_h·key_j of the block, padded with −∞ to a multiple of 8.</summary>
    private static void Score(
        in Rows rows, in Rows values, int count, FloatRows query, int heads, float scale, float* scores)
    {
        for (int j = 0; j < count; j += TileRows)
        {
            rows.AskAhead(j + RowsAhead);
            values.AskAhead(j); // read once the block's scores are known
            FourRows keys = rows.Load(j, count - j);
            for (int h = 0; h < heads; h++)
            {
                Vector128<float> four = Dot((float*)query[h], keys, rows.Elements) * scale;
                four.Store(scores + (h * BlockKeys) + j); // rows past count repeat the last one and are overwritten below
            }
        }

        int padded = (count + Lanes.Count - 1) & -Lanes.Count;
        for (int h = 0; h < heads; h++)
        {
            new Span<float>(scores + (h * BlockKeys) + count, padded - count).Fill(float.NegativeInfinity);
        }
    }

    /// <summary>Turns a block's scores into weights relative to the running maximum and rescales what came before.</summary>
    private static void ToWeights(float* scores, int count, ref Normaliser state, float* sums, int valueDim)
    {
        Vector256<float> maxima = Vector256.Create(state.Maximum);
        for (int j = 0; j < count; j += Lanes.Count)
        {
            maxima = Vector256.Max(maxima, Vector256.Load(scores + j)); // NaN wins
        }

        float maximum = maxima.GetElement(0);
        for (int lane = 1; lane < Lanes.Count; lane++)
        {
            maximum = MathF.Max(maximum, maxima.GetElement(lane));
        }

        if (maximum != state.Maximum)
        {
            float fade = Lanes.Exp(state.Maximum - maximum);
            state.Sum *= fade;
            state.Maximum = maximum;
            VectorOps.Scale((nint)sums, valueDim, fade);
        }

        Vector256<float> shift = Vector256.Create(maximum);
        Vector256<float> total = Vector256<float>.Zero;
        for (int j = 0; j < count; j += Lanes.Count)
        {
            Vector256<float> weights = Lanes.Exp(Vector256.Load(scores + j) - shift);
            weights.Store(scores + j);
            total += weights;
        }

        state.Sum += Lanes.Sum(total);
    }

    /// <summary>sums[h] += Σ_j weight[h][j] · value_j of the block, in the order of j.</summary>
    private static void Accumulate(in Rows rows, int count, float* weights, int heads, float* sums)
    {
        for (int j = 0; j < count; j += TileRows)
        {
            FourRows values = rows.Load(j, count - j);
            for (int h = 0; h < heads; h++)
            {
                AddWeighted(sums + ((long)h * rows.Elements), weights + (h * BlockKeys) + j, values, rows.Elements);
            }
        }
    }

    private static Vector128<float> Dot(float* q, in FourRows rows, int n)
    {
        float* r0 = rows.Row0, r1 = rows.Row1, r2 = rows.Row2, r3 = rows.Row3;
        Vector256<float> a0 = default, a1 = default, a2 = default, a3 = default;
        Vector256<float> b0 = default, b1 = default, b2 = default, b3 = default;
        int i = 0;
        for (; i <= n - (2 * Lanes.Count); i += 2 * Lanes.Count)
        {
            Vector256<float> even = Vector256.Load(q + i);
            Vector256<float> odd = Vector256.Load(q + i + Lanes.Count);
            a0 = Lanes.MultiplyAdd(even, Vector256.Load(r0 + i), a0);
            a1 = Lanes.MultiplyAdd(even, Vector256.Load(r1 + i), a1);
            a2 = Lanes.MultiplyAdd(even, Vector256.Load(r2 + i), a2);
            a3 = Lanes.MultiplyAdd(even, Vector256.Load(r3 + i), a3);
            b0 = Lanes.MultiplyAdd(odd, Vector256.Load(r0 + i + Lanes.Count), b0);
            b1 = Lanes.MultiplyAdd(odd, Vector256.Load(r1 + i + Lanes.Count), b1);
            b2 = Lanes.MultiplyAdd(odd, Vector256.Load(r2 + i + Lanes.Count), b2);
            b3 = Lanes.MultiplyAdd(odd, Vector256.Load(r3 + i + Lanes.Count), b3);
        }

        if (i <= n - Lanes.Count)
        {
            Vector256<float> even = Vector256.Load(q + i);
            a0 = Lanes.MultiplyAdd(even, Vector256.Load(r0 + i), a0);
            a1 = Lanes.MultiplyAdd(even, Vector256.Load(r1 + i), a1);
            a2 = Lanes.MultiplyAdd(even, Vector256.Load(r2 + i), a2);
            a3 = Lanes.MultiplyAdd(even, Vector256.Load(r3 + i), a3);
            i += Lanes.Count;
        }

        Vector128<float> dots = Vector128.Create(Lanes.Sum(a0 + b0), Lanes.Sum(a1 + b1), Lanes.Sum(a2 + b2), Lanes.Sum(a3 + b3));
        for (; i < n; i++)
        {
            dots += Vector128.Create(r0[i], r1[i], r2[i], r3[i]) * q[i];
        }

        return dots;
    }

    private static void AddWeighted(float* sums, float* weights, in FourRows rows, int n)
    {
        float* r0 = rows.Row0, r1 = rows.Row1, r2 = rows.Row2, r3 = rows.Row3;
        Vector256<float> w0 = Vector256.Create(weights[0]);
        Vector256<float> w1 = Vector256.Create(weights[1]);
        Vector256<float> w2 = Vector256.Create(weights[2]);
        Vector256<float> w3 = Vector256.Create(weights[3]);
        int i = 0;
        for (; i <= n - Lanes.Count; i += Lanes.Count)
        {
            Vector256<float> sum = Lanes.MultiplyAdd(w0, Vector256.Load(r0 + i), Vector256.Load(sums + i));
            sum = Lanes.MultiplyAdd(w1, Vector256.Load(r1 + i), sum);
            sum = Lanes.MultiplyAdd(w2, Vector256.Load(r2 + i), sum);
            Lanes.MultiplyAdd(w3, Vector256.Load(r3 + i), sum).Store(sums + i);
        }

        for (; i < n; i++)
        {
            float sum = Lanes.MultiplyAdd(weights[0], r0[i], sums[i]);
            sum = Lanes.MultiplyAdd(weights[1], r1[i], sum);
            sum = Lanes.MultiplyAdd(weights[2], r2[i], sum);
            sums[i] = Lanes.MultiplyAdd(weights[3], r3[i], sum);
        }
    }

    /// <summary>Running maximum of the scores and Σ e^(score − maximum).</summary>
    private struct Normaliser(float maximum, float sum)
    {
        public float Maximum = maximum;
        public float Sum = sum;
    }

    /// <summary>Four F32 rows, in the cache itself or converted into the tile.</summary>
    private readonly struct FourRows(float* row0, float* row1, float* row2, float* row3)
    {
        public readonly float* Row0 = row0;
        public readonly float* Row1 = row1;
        public readonly float* Row2 = row2;
        public readonly float* Row3 = row3;
    }

    /// <summary>Cache rows of one KV head in a block, numbered from its first visible key.</summary>
    private readonly struct Rows(in CachedRows cached, int from, int end, float* tile)
    {
        public readonly int Elements = cached.Elements;
        private readonly nint _address = cached.Page(from) + (nint)(from % BlockKeys * cached.StrideBytes);
        private readonly nint _next = (from | (BlockKeys - 1)) + 1 < end ? cached.Page(from + BlockKeys) : 0; // the next block's
        private readonly int _count = BlockKeys - (from % BlockKeys);
        private readonly long _stride = cached.StrideBytes;
        private readonly KvType _type = cached.Type;

        /// <summary>Rows first … first + 3; with fewer left, the last one stands in for the missing.</summary>
        public FourRows Load(int first, int left)
        {
            float* row0 = At(first, 0);
            float* row1 = left > 1 ? At(first, 1) : row0;
            float* row2 = left > 2 ? At(first, 2) : row1;
            float* row3 = left > 3 ? At(first, 3) : row2;
            return new FourRows(row0, row1, row2, row3);
        }

        /// <summary>Asks memory for the four rows from <paramref name="first"/> on, in the next block where this one has no more: the
        /// processor does not foresee short rows far apart. They may lie behind the last key.</summary>
        public void AskAhead(int first)
        {
            if (!Sse.IsSupported)
            {
                return;
            }

            int bytes = Elements * (_type == KvType.F32 ? sizeof(float) : sizeof(ushort));
            byte* row = first < _count ? (byte*)_address + (first * _stride) : (byte*)_next + ((first - _count) * _stride);
            for (int index = 0; index < TileRows; index++, row += _stride)
            {
                for (int i = 0; i < bytes; i += 64)
                {
                    Sse.Prefetch0(row + i);
                }
            }
        }

        private float* At(int first, int index)
        {
            nint row = _address + (nint)((first + (long)index) * _stride);
            if (_type == KvType.F32)
            {
                return (float*)row;
            }

            float* converted = tile + ((long)index * Elements);
            VectorOps.HalfToFloat(row, (nint)converted, Elements);
            return converted;
        }
    }
}
