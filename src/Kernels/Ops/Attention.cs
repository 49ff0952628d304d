using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LayerStream.Kernels.Ops;

/// <summary>
/// Attention of query rows over cached keys and values, on the calling thread, in F32. Keys are taken in blocks that end at
/// multiples of 128 of the absolute key index and merged in order by online softmax, so a row's result depends on nothing but the
/// query, the keys and the first key: not on the rows that are computed with it.
/// </summary>
public static unsafe class Attention
{
    /// <summary>Keys per block.</summary>
    public const int BlockKeys = 128;

    /// <summary>Most tokens worth a call of <see cref="Tokens"/>.</summary>
    public const int MostTokens = 8;

    private const int NearFloats = 4096; // weighted sums that stay in the first-level cache beside keys and values
    private const int TileRows = 4; // rows converted and used together
    private const int RowsAhead = 16; // rows asked of memory before they are read
    private const int MaxRowElements = 4096; // bounds the stack tile to 64 KiB

    /// <summary>Floats of scratch that a call needs for its query rows: heads of <see cref="Group"/>, tokens · heads of
    /// <see cref="Tokens"/>, 1 of <see cref="Head"/>.</summary>
    public static long ScratchFloats(int rows, int valueDim) => (long)rows * (BlockKeys + valueDim);

    /// <summary>Tokens that a call of <see cref="Tokens"/> takes best.</summary>
    public static int TokensTogether(int heads, int valueDim) => Math.Clamp(NearFloats / (heads * valueDim), 1, MostTokens);

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

    /// <summary>The query heads of one token that share a KV head: every row is read and converted once. Same bits per head as
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
    public static void Group(
        FloatRows query, int heads, in CachedRows keys, in CachedRows values, KeyRange visible, float scale, FloatRows output,
        nint scratch, nint sinks = 0)
    {
        var token = new QueryToken(visible, scale);
        Tokens(new HeadRows(query.Address, 0, query.Stride), heads, keys, values, new ReadOnlySpan<QueryToken>(in token),
            new HeadRows(output.Address, 0, output.Stride), scratch, sinks);
    }

    /// <summary>The query heads of several tokens that share a KV head: where tokens see a block from the same key on, its rows are
    /// read and converted once for all. Same bits per token and head as <see cref="Head"/>.</summary>
    /// <param name="query">A row per token.</param>
    /// <param name="heads">Query heads of a token.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="values">The values; may be the keys' first elements (MLA).</param>
    /// <param name="tokens">What each token sees; cheapest if first and last keys rise.</param>
    /// <param name="output">A row per token; may be the query if rows, heads and elements are equal.</param>
    /// <param name="scratch"><see cref="ScratchFloats"/> floats.</param>
    /// <param name="sinks">Address of one sink logit per head, or 0 for none.</param>
    [SkipLocalsInit]
    public static void Tokens(
        HeadRows query, int heads, in CachedRows keys, in CachedRows values, ReadOnlySpan<QueryToken> tokens, HeadRows output,
        nint scratch, nint sinks = 0)
    {
        int valueDim = values.Elements, count = tokens.Length * heads;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Math.Max(keys.Elements, valueDim), MaxRowElements);
        Debug.Assert(heads > 0 && keys.Type == values.Type);
        QueryRow* rows = stackalloc QueryRow[count];
        float* tile = stackalloc float[keys.Type == KvType.F16 ? TileRows * Math.Max(keys.Elements, valueDim) : 1];
        Start(rows, query, heads, tokens, (float*)scratch, valueDim, (float*)sinks);
        int first = int.MaxValue, end = 0;
        foreach (QueryToken token in tokens)
        {
            Debug.Assert(token.Visible is { First: >= 0, Count: >= 0 });
            first = Math.Min(first, token.Visible.First);
            end = Math.Max(end, token.Visible.End);
        }

        for (int from = first; from < end; from = (from | (BlockKeys - 1)) + 1)
        {
            Block(rows, heads, keys, values, tokens, from, end, tile);
        }

        for (int r = 0; r < count; r++)
        {
            ref QueryRow row = ref rows[r];
            float* destination = (float*)output.At(r / heads, r % heads);
            float inverse = row.Sum > 0 || float.IsNaN(row.Sum) ? 1f / row.Sum : 0f;
            Unsafe.CopyBlockUnaligned(destination, row.Sums, (uint)(valueDim * sizeof(float)));
            VectorOps.Scale((nint)destination, valueDim, inverse);
        }
    }

    private static void Start(
        QueryRow* rows, HeadRows query, int heads, ReadOnlySpan<QueryToken> tokens, float* scratch, int valueDim, float* sinks)
    {
        float* sums = scratch + ((long)tokens.Length * heads * BlockKeys);
        new Span<float>(sums, tokens.Length * heads * valueDim).Clear();
        for (int t = 0; t < tokens.Length; t++)
        {
            for (int h = 0; h < heads; h++)
            {
                *rows++ = new QueryRow
                {
                    Query = (float*)query.At(t, h),
                    Scale = tokens[t].Scale,
                    Scores = scratch,
                    Sums = sums,
                    Maximum = sinks == null ? float.NegativeInfinity : sinks[h],
                    Sum = sinks == null ? 0f : 1f,
                };
                scratch += BlockKeys;
                sums += valueDim;
            }
        }
    }

    /// <summary>Takes the block of key <paramref name="from"/> into all rows, those together that see it from the same key on and one
    /// behind the other not less of it.</summary>
    private static void Block(
        QueryRow* rows, int heads, in CachedRows keys, in CachedRows values, ReadOnlySpan<QueryToken> tokens, int from, int end,
        float* tile)
    {
        int blockEnd = (from | (BlockKeys - 1)) + 1;
        for (int t = 0, next; t < tokens.Length; t = next)
        {
            int first = Math.Max(from, tokens[t].Visible.First), count = 0;
            for (next = t; next < tokens.Length && Math.Max(from, tokens[next].Visible.First) == first; next++)
            {
                int seen = Math.Min(blockEnd, tokens[next].Visible.End) - first;
                if (next > t && seen < count)
                {
                    break;
                }

                count = seen;
                for (int h = 0; h < heads; h++)
                {
                    rows[(next * heads) + h].Count = count;
                }
            }

            QueryRow* together = rows + (t * heads), behind = rows + (next * heads);
            while (together < behind && together->Count <= 0)
            {
                together++; // sees nothing of the block
            }

            if (together < behind)
            {
                Attend(together, (int)(behind - together), new Rows(keys, first, end, tile), new Rows(values, first, end, tile));
            }
        }
    }

    /// <summary>Takes a block into rows that see it from its first row on, each <see cref="QueryRow.Count"/> keys, in rising
    /// order.</summary>
    private static void Attend(QueryRow* rows, int count, in Rows keys, in Rows values)
    {
        Score(keys, values, rows, count);
        for (int r = 0; r < count; r++)
        {
            ToWeights(ref rows[r], values.Elements);
        }

        Accumulate(values, rows, count);
    }

    /// <summary>Scores[j] = scale · query·key_j of the block in every row, padded with −∞ to a multiple of 8.</summary>
    [SkipLocalsInit]
    private static void Score(in Rows keys, in Rows values, QueryRow* rows, int count)
    {
        float* held = stackalloc float[2 * TileRows * Lanes.Count];
        int most = rows[count - 1].Count, first = 0;
        for (int j = 0; j < most; j += TileRows)
        {
            while (rows[first].Count <= j)
            {
                first++;
            }

            keys.AskAhead(j + RowsAhead);
            values.AskAhead(j); // read once the block's scores are known
            FourRows four = keys.Load(j, most - j);
            QueryRow* behind = rows + count, row = rows + first; // scores behind a row's last key are overwritten below
            if (((count - first) & 1) != 0)
            {
                Dot(*row++, four, keys.Elements, j);
            }

            Dots(row, behind, four, keys.Elements, j, held);
        }

        for (int r = 0; r < count; r++)
        {
            int padded = (rows[r].Count + Lanes.Count - 1) & -Lanes.Count;
            new Span<float>(rows[r].Scores + rows[r].Count, padded - rows[r].Count).Fill(float.NegativeInfinity);
        }
    }

    /// <summary>Turns a block's scores into weights relative to the running maximum and rescales what came before.</summary>
    private static void ToWeights(ref QueryRow row, int valueDim)
    {
        float* scores = row.Scores;
        int count = row.Count;
        float maximum = Largest(row.Maximum, scores, count);
        if (maximum != row.Maximum)
        {
            float fade = Lanes.Exp(row.Maximum - maximum);
            row.Sum *= fade;
            row.Maximum = maximum;
            VectorOps.Scale((nint)row.Sums, valueDim, fade);
        }

        Vector256<float> shift = Vector256.Create(maximum);
        Vector256<float> total = Vector256<float>.Zero;
        for (int j = 0; j < count; j += Lanes.Count)
        {
            Vector256<float> weights = Lanes.Exp(Vector256.Load(scores + j) - shift);
            weights.Store(scores + j);
            total += weights;
        }

        row.Sum += Lanes.Sum(total);
    }

    /// <summary>The largest of a maximum and of scores padded to a multiple of 8; NaN wins.</summary>
    private static float Largest(float maximum, float* scores, int count)
    {
        Vector256<float> maxima = Vector256.Create(maximum), sound = Vector256.Equals(maxima, maxima);
        for (int j = 0; j < count; j += Lanes.Count)
        {
            Vector256<float> some = Vector256.Load(scores + j);
            maxima = Vector256.MaxNative(maxima, some);
            sound &= Vector256.Equals(some, some);
        }

        return Vector256.EqualsAll(sound.AsInt32(), Vector256<int>.AllBitsSet) ? Lanes.Max(maxima) : float.NaN;
    }

    /// <summary>Sums += Σ_j weight[j] · value_j of the block in every row, in the order of j.</summary>
    private static void Accumulate(in Rows values, QueryRow* rows, int count)
    {
        int most = rows[count - 1].Count, first = 0, whole = 0;
        for (int j = 0; j < most; j += TileRows)
        {
            while (whole < count && rows[whole].Count < j + TileRows)
            {
                whole++;
            }

            FourRows four = values.Load(j, most - j);
            for (int next; first < whole; first = next)
            {
                int left = rows[first].Count - j;
                for (next = first + 1; next < whole && rows[next].Count - j == left; next++)
                {
                }

                if (left > 0)
                {
                    AddWeighted(rows + first, rows + next, four.Upto(left), values.Elements, j); // they end in this tile
                }
            }

            AddWeighted(rows + whole, rows + count, four, values.Elements, j);
        }
    }

    private static void Dot(in QueryRow row, in FourRows rows, int n, int j)
    {
        float* q = row.Query;
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
        }

        Finish(row, Lanes.Sums(a0 + b0, a1 + b1, a2 + b2, a3 + b3), rows, n, j);
    }

    /// <summary>Pairs of queries share what they load. Their sums 8–15 come first and are held in memory, as all together pass the
    /// registers.</summary>
    private static void Dots(QueryRow* row, QueryRow* behind, in FourRows rows, int n, int j, float* held)
    {
        float* r0 = rows.Row0, r1 = rows.Row1, r2 = rows.Row2, r3 = rows.Row3;
        for (; row < behind; row += 2)
        {
            float* q = row[0].Query, p = row[1].Query;
            Vector256<float> a0 = default, a1 = default, a2 = default, a3 = default;
            Vector256<float> c0 = default, c1 = default, c2 = default, c3 = default;
            for (int begin = Lanes.Count; ; begin = 0)
            {
                for (nint i = begin; i <= n - Lanes.Count; i += 2 * Lanes.Count)
                {
                    Vector256<float> x = Vector256.Load(q + i), y = Vector256.Load(p + i);
                    Vector256<float> k0 = Vector256.Load(r0 + i), k1 = Vector256.Load(r1 + i);
                    a0 = Lanes.MultiplyAdd(x, k0, a0);
                    c0 = Lanes.MultiplyAdd(y, k0, c0);
                    a1 = Lanes.MultiplyAdd(x, k1, a1);
                    c1 = Lanes.MultiplyAdd(y, k1, c1);
                    Vector256<float> k2 = Vector256.Load(r2 + i), k3 = Vector256.Load(r3 + i);
                    a2 = Lanes.MultiplyAdd(x, k2, a2);
                    c2 = Lanes.MultiplyAdd(y, k2, c2);
                    a3 = Lanes.MultiplyAdd(x, k3, a3);
                    c3 = Lanes.MultiplyAdd(y, k3, c3);
                }

                if (begin == 0)
                {
                    break;
                }

                Hold(held, a0, a1, a2, a3);
                Hold(held + (TileRows * Lanes.Count), c0, c1, c2, c3);
                (a0, a1, a2, a3, c0, c1, c2, c3) = (default, default, default, default, default, default, default, default);
            }

            a0 += Vector256.Load(held);
            a1 += Vector256.Load(held + Lanes.Count);
            a2 += Vector256.Load(held + (2 * Lanes.Count));
            a3 += Vector256.Load(held + (3 * Lanes.Count));
            c0 += Vector256.Load(held + (4 * Lanes.Count));
            c1 += Vector256.Load(held + (5 * Lanes.Count));
            c2 += Vector256.Load(held + (6 * Lanes.Count));
            c3 += Vector256.Load(held + (7 * Lanes.Count));
            Vector256<float> dots = Lanes.Sums(a0, a1, a2, a3, c0, c1, c2, c3);
            Finish(row[0], dots.GetLower(), rows, n, j);
            Finish(row[1], dots.GetUpper(), rows, n, j);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Hold(float* held, Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d)
    {
        a.Store(held);
        b.Store(held + Lanes.Count);
        c.Store(held + (2 * Lanes.Count));
        d.Store(held + (3 * Lanes.Count));
    }

    /// <summary>Adds the elements after the last multiple of eight and stores the scaled scores.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(in QueryRow row, Vector128<float> dots, in FourRows rows, int n, int j)
    {
        for (int i = n & -Lanes.Count; i < n; i++)
        {
            dots += Vector128.Create(rows.Row0[i], rows.Row1[i], rows.Row2[i], rows.Row3[i]) * row.Query[i];
        }

        (dots * row.Scale).Store(row.Scores + j);
    }

    /// <summary>Adds four values' share to rows, of which pairs share what they load.</summary>
    private static void AddWeighted(QueryRow* row, QueryRow* behind, in FourRows rows, int n, int j)
    {
        if (((behind - row) & 1) != 0)
        {
            AddWeighted(*row++, rows, n, j);
        }

        float* r0 = rows.Row0, r1 = rows.Row1, r2 = rows.Row2, r3 = rows.Row3;
        for (; row < behind; row += 2)
        {
            float* weights = row[0].Scores + j, otherWeights = row[1].Scores + j, sums = row[0].Sums, others = row[1].Sums;
            Vector256<float> w0 = Vector256.Create(weights[0]), w1 = Vector256.Create(weights[1]);
            Vector256<float> w2 = Vector256.Create(weights[2]), w3 = Vector256.Create(weights[3]);
            Vector256<float> u0 = Vector256.Create(otherWeights[0]), u1 = Vector256.Create(otherWeights[1]);
            Vector256<float> u2 = Vector256.Create(otherWeights[2]), u3 = Vector256.Create(otherWeights[3]);
            for (nint i = 0; i <= n - Lanes.Count; i += Lanes.Count)
            {
                Vector256<float> v0 = Vector256.Load(r0 + i), v1 = Vector256.Load(r1 + i);
                Vector256<float> sum = Lanes.MultiplyAdd(w0, v0, Vector256.Load(sums + i));
                Vector256<float> other = Lanes.MultiplyAdd(u0, v0, Vector256.Load(others + i));
                sum = Lanes.MultiplyAdd(w1, v1, sum);
                other = Lanes.MultiplyAdd(u1, v1, other);
                Vector256<float> v2 = Vector256.Load(r2 + i), v3 = Vector256.Load(r3 + i);
                sum = Lanes.MultiplyAdd(w2, v2, sum);
                other = Lanes.MultiplyAdd(u2, v2, other);
                sum = Lanes.MultiplyAdd(w3, v3, sum);
                other = Lanes.MultiplyAdd(u3, v3, other);
                sum.Store(sums + i);
                other.Store(others + i);
            }

            if (n % Lanes.Count != 0)
            {
                AddRest(sums, weights, rows, n);
                AddRest(others, otherWeights, rows, n);
            }
        }
    }

    private static void AddWeighted(in QueryRow row, in FourRows rows, int n, int j)
    {
        float* r0 = rows.Row0, r1 = rows.Row1, r2 = rows.Row2, r3 = rows.Row3, sums = row.Sums, weights = row.Scores + j;
        Vector256<float> w0 = Vector256.Create(weights[0]), w1 = Vector256.Create(weights[1]);
        Vector256<float> w2 = Vector256.Create(weights[2]), w3 = Vector256.Create(weights[3]);
        for (nint i = 0; i <= n - Lanes.Count; i += Lanes.Count)
        {
            Vector256<float> sum = Lanes.MultiplyAdd(w0, Vector256.Load(r0 + i), Vector256.Load(sums + i));
            sum = Lanes.MultiplyAdd(w1, Vector256.Load(r1 + i), sum);
            sum = Lanes.MultiplyAdd(w2, Vector256.Load(r2 + i), sum);
            Lanes.MultiplyAdd(w3, Vector256.Load(r3 + i), sum).Store(sums + i);
        }

        AddRest(sums, weights, rows, n);
    }

    /// <summary>The elements after the last multiple of eight.</summary>
    private static void AddRest(float* sums, float* weights, in FourRows rows, int n)
    {
        for (int i = n & -Lanes.Count; i < n; i++)
        {
            float sum = Lanes.MultiplyAdd(weights[0], rows.Row0[i], sums[i]);
            sum = Lanes.MultiplyAdd(weights[1], rows.Row1[i], sum);
            sum = Lanes.MultiplyAdd(weights[2], rows.Row2[i], sum);
            sums[i] = Lanes.MultiplyAdd(weights[3], rows.Row3[i], sum);
        }
    }

    /// <summary>A head of a token: its query, what a block gives, and what the blocks so far gave.</summary>
    private struct QueryRow
    {
        public float* Query;
        public float* Scores; // of a block, then its weights
        public float* Sums; // weighted sums
        public float Scale;
        public float Maximum; // of the scores
        public float Sum; // Σ e^(score − maximum)
        public int Count; // keys it sees of the block
    }

    /// <summary>Four F32 rows, in the cache itself or converted into the tile.</summary>
    private readonly struct FourRows(float* row0, float* row1, float* row2, float* row3)
    {
        public readonly float* Row0 = row0;
        public readonly float* Row1 = row1;
        public readonly float* Row2 = row2;
        public readonly float* Row3 = row3;

        /// <summary>The first rows; the last of them stands in for the missing.</summary>
        public FourRows Upto(int count)
        {
            float* second = count > 1 ? Row1 : Row0, third = count > 2 ? Row2 : second;
            return new FourRows(Row0, second, third, count > 3 ? Row3 : third);
        }
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
