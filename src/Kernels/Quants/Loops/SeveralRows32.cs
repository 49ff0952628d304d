using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>
/// Rows of <see cref="Blocks32Kernel{T, TLanes}"/> with several rows of activations, with AVX2: eight blocks of weights are unpacked once
/// and stay in registers while all of them are multiplied with it. Columns are ordered so that a 32-bit lane has those of one block: the
/// even blocks, then the odd ones (<see cref="LaneSums.EvenThenOdd"/>). Running sums keep that order.
/// </summary>
internal static unsafe class SeveralRows32<T>
    where T : IBlocksOf32
{
    /// <summary>Rows of weights whose outputs are folded together.</summary>
    private const int RowsAtOnce = 4;

    /// <summary>Values and record of eight blocks of activations.</summary>
    private const int EightOf = 256 + ActivationRow.BlockRecordBytes;

    /// <summary>Last columns of a row, up to which those of four rows are multiplied as eight blocks of one are.</summary>
    private const int MostShared = 256 / RowsAtOnce;

    /// <summary>Eight blocks after eight blocks, the last ones filled up.</summary>
    public static int ArrangedBytes(int columns) => (columns + 255) / 256 * EightOf;

    /// <summary>Orders a prepared row; a few last columns are repeated for each row of weights that is multiplied at once.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Arrange(byte* activations, int columns, byte* to)
    {
        byte* record = activations + ActivationRow.BlocksOffset(columns);
        byte* natural = stackalloc byte[256];
        int column = 0;
        for (; column + 256 <= columns; column += 256, to += EightOf, record += ActivationRow.BlockRecordBytes)
        {
            ArrangeEight(activations + column, record, to);
        }

        if (column == columns)
        {
            return;
        }

        int rest = (columns - column + 63) & ~63; // filled up with zeros to 64 columns
        for (int i = 0; i < 256; i += 64)
        {
            bool isThere = i < rest || rest <= MostShared;
            byte* from = activations + column + (i % rest);
            (isThere ? Vector256.Load(from) : default).Store(natural + i);
            (isThere ? Vector256.Load(from + 32) : default).Store(natural + i + 32);
        }

        if (rest > MostShared)
        {
            ArrangeEight(natural, record, to);
            return;
        }

        byte* records = stackalloc byte[ActivationRow.BlockRecordBytes];
        for (int field = 0; field <= ActivationRow.RecordSums; field += ActivationRow.RecordScaledSums)
        {
            Vector256.Create(*(double*)(record + field)).Store((double*)(records + field));
        }

        ArrangeEight(natural, records, to);
    }

    private static void ArrangeEight(byte* x, byte* record, byte* to)
    {
        byte* halves = stackalloc byte[256];
        Nibbles.ArrangeHalves(x, halves);
        for (int half = 0; half < 64; half += 32, to += 128)
        {
            byte* from = halves + half;
            Vector256<byte> v0 = Vector256.Load(from), v1 = Vector256.Load(from + 64), v2 = Vector256.Load(from + 128),
                v3 = Vector256.Load(from + 192);
            GroupLanes.OfFour(ref v0, ref v1, ref v2, ref v3);
            v0.Store(to);
            v1.Store(to + 32);
            v2.Store(to + 64);
            v3.Store(to + 96);
        }

        LaneSums.EvenThenOdd(Vector256.Load((float*)record)).Store((float*)to);
        LaneSums.EvenThenOdd(Vector256.Load((float*)(record + ActivationRow.RecordScaledSums)))
            .Store((float*)(to + ActivationRow.RecordScaledSums));
        LaneSums.EvenThenOdd((Vector256.Load((int*)(record + ActivationRow.RecordSums)) * Bias).AsSingle())
            .Store((float*)(to + ActivationRow.RecordSums));
    }

    /// <summary>What is taken off a product, times the sum of activations.</summary>
    private static int Bias
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => T.MostValue <= 31 ? T.Bias : 0;
    }

    /// <summary>The outputs of some rows of weights and all arranged rows of activations.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows(byte* weights, int rows, int columns, byte* activations, in SeveralOutputs to)
    {
        int count = to.Count, eights = columns / 256, rest = columns % 256;
        bool isShared = rest is > 0 and <= MostShared;
        long stride = ArrangedBytes(columns), rowBytes = (long)columns / 32 * T.EightBytes / 8;
        int restBytes = rest / 32 * T.EightBytes / 8, restStride = isShared ? T.EightBytes / RowsAtOnce : T.EightBytes;
        byte* memory = stackalloc byte[((RowsAtOnce + 1) * count * sizeof(Vector256<float>)) + (RowsAtOnce * T.EightBytes) + 64];
        Vector256<float>* sums = (Vector256<float>*)(((nint)memory + 63) & ~63), last = sums + (RowsAtOnce * count);
        byte* staged = (byte*)(last + count), end = activations + (eights * EightOf);
        new Span<byte>(staged, RowsAtOnce * T.EightBytes).Clear();
        for (int row = 0; row < rows; row += RowsAtOnce, weights += RowsAtOnce * rowBytes)
        {
            int now = Math.Min(RowsAtOnce, rows - row);
            for (int r = 0; rest > 0 && r < now; r++)
            {
                // long before it is read: a wide read waits for narrower writes
                Unsafe.CopyBlockUnaligned(staged + (r * restStride), weights + ((r + 1) * rowBytes) - restBytes, (uint)restBytes);
            }

            new Span<Vector256<float>>(sums, RowsAtOnce * count).Clear();
            for (int r = 0; r < now; r++)
            {
                Eights(weights + (r * rowBytes), eights, activations, stride, count, sums + (r * count));
                if (rest > 0 && !isShared)
                {
                    Eights(staged + (r * restStride), 1, end, stride, count, sums + (r * count));
                }
            }

            if (isShared)
            {
                for (int i = 0; i < count; i++)
                {
                    last[i] = Transpose(sums + i, count).First;
                }

                Eights(staged, 1, end, stride, count, last);
            }

            Store(sums, isShared ? last : null, row, now, to);
        }
    }

    /// <summary>Adds groups of eight blocks to the sums of each row of activations. What it calls is all inlined, for which it must be long
    /// itself.</summary>
    /// <param name="w">Weights.</param>
    /// <param name="eights">Groups.</param>
    /// <param name="x">Arranged activations of the first row.</param>
    /// <param name="stride">Bytes to those of the next.</param>
    /// <param name="count">Rows of activations.</param>
    /// <param name="sums">Eight sums of each.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Eights(byte* w, int eights, byte* x, long stride, int count, Vector256<float>* sums)
    {
        bool hasOffsets = T.HasOffsets, hasBias = Bias != 0;
        int bytes = T.EightBytes;
        byte* signed = stackalloc byte[T.MostValue > 31 ? 256 : 0];
        Vector256<short> one = Vector256<short>.One;
        for (; eights > 0; eights--)
        {
            RowPrefetch.Ahead(w, bytes);
            Vector256<byte> v0 = Pair(w, 0, out Vector256<byte> v4), v1 = Pair(w, 1, out Vector256<byte> v5),
                v2 = Pair(w, 2, out Vector256<byte> v6), v3 = Pair(w, 3, out Vector256<byte> v7);
            GroupLanes.OfFour(ref v0, ref v1, ref v2, ref v3);
            GroupLanes.OfFour(ref v4, ref v5, ref v6, ref v7);
            Vector256<float> scales = LaneSums.EvenThenOdd(T.Scales(w, out Vector256<float> offsets));
            offsets = hasOffsets ? LaneSums.EvenThenOdd(offsets) : default;
            if (T.MostValue > 31)
            {
                (v0, v1, v2, v3) = (Split(v0, signed), Split(v1, signed + 32), Split(v2, signed + 64), Split(v3, signed + 96));
                (v4, v5, v6, v7) = (Split(v4, signed + 128), Split(v5, signed + 160), Split(v6, signed + 192), Split(v7, signed + 224));
            }

            byte* a = x;
            for (int i = 0; i < count; i++, a += stride)
            {
                Vector256<int> dots;
                if (T.MostValue > 31)
                {
                    dots = ((Fours(v0, a, signed, one) + Fours(v1, a + 32, signed + 32, one))
                        + (Fours(v2, a + 64, signed + 64, one) + Fours(v3, a + 96, signed + 96, one)))
                        + ((Fours(v4, a + 128, signed + 128, one) + Fours(v5, a + 160, signed + 160, one))
                        + (Fours(v6, a + 192, signed + 192, one) + Fours(v7, a + 224, signed + 224, one)));
                }
                else
                {
                    Vector256<short> lower = (Pairs(v0, a) + Pairs(v1, a + 32)) + (Pairs(v2, a + 64) + Pairs(v3, a + 96)),
                        upper = (Pairs(v4, a + 128) + Pairs(v5, a + 160)) + (Pairs(v6, a + 192) + Pairs(v7, a + 224));
                    dots = T.MostValue <= 15 ? Avx2.MultiplyAddAdjacent(lower + upper, one) // at most 16·15·127
                        : Avx2.MultiplyAddAdjacent(lower, one) + Avx2.MultiplyAddAdjacent(upper, one); // at most 8·31·127
                }

                if (hasBias)
                {
                    dots -= Vector256.Load((int*)(a + 256 + ActivationRow.RecordSums));
                }

                Vector256<float> sum = Vector256.FusedMultiplyAdd(
                    Vector256.ConvertToSingle(dots), scales * Vector256.Load((float*)(a + 256)), sums[i]);
                sums[i] = hasOffsets ? Vector256.FusedMultiplyAdd(
                    offsets, Vector256.Load((float*)(a + 256 + ActivationRow.RecordScaledSums)), sum) : sum;
            }

            w += bytes;
            x += EightOf;
        }
    }

    /// <summary>Columns 0–15 of blocks 2·pair and 2·pair + 1, and columns 16–31.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Pair(byte* eight, int pair, out Vector256<byte> upper)
    {
        if (T.HasHalves)
        {
            return T.Halves256(eight, pair, out upper);
        }

        Vector256<byte> even = T.Bytes256(eight, 2 * pair), odd = T.Bytes256(eight, (2 * pair) + 1);
        upper = Avx2.Permute2x128(even, odd, 0x31);
        return Avx2.Permute2x128(even, odd, 0x20);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pairs(Vector256<byte> v, byte* x) => Avx2.MultiplyAddAdjacent(v, Vector256.Load((sbyte*)x));

    /// <summary>Keeps signed bytes and returns their magnitudes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Split(Vector256<byte> v, byte* signed)
    {
        v.Store(signed);
        return Avx2.Abs(v.AsSByte());
    }

    /// <summary>Products of signed bytes, of which not more than two fit 16 bits. <see cref="Nibbles"/> has the same with a constant of its
    /// own; ones that stay in a register are 3 % faster.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Fours(Vector256<byte> magnitudes, byte* x, byte* signed, Vector256<short> one) =>
        Avx2.MultiplyAddAdjacent(
            Avx2.MultiplyAddAdjacent(magnitudes, Avx2.Sign(Vector256.Load((sbyte*)x), Vector256.Load((sbyte*)signed))), one);

    /// <summary>Sums of four rows of weights, transposed: of each, one of its even ones and one of its odd ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static FourSums Transpose(Vector256<float>* sums, int stride)
    {
        Vector256<float> a = sums[0], b = sums[stride], c = sums[2 * stride], d = sums[3 * stride];
        Vector256<double> ab = Avx.UnpackLow(a, b).AsDouble(), ab2 = Avx.UnpackHigh(a, b).AsDouble(),
            cd = Avx.UnpackLow(c, d).AsDouble(), cd2 = Avx.UnpackHigh(c, d).AsDouble();
        return new FourSums
        {
            First = Avx.UnpackLow(ab, cd).AsSingle(),
            Second = Avx.UnpackHigh(ab, cd).AsSingle(),
            Third = Avx.UnpackLow(ab2, cd2).AsSingle(),
            Fourth = Avx.UnpackHigh(ab2, cd2).AsSingle(),
        };
    }

    /// <summary>Folds the sums of up to four rows of weights in the order of <see cref="LaneSums.Total"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Store(Vector256<float>* sums, Vector256<float>* firsts, int row, int rows, in SeveralOutputs to)
    {
        int count = to.Count;
        Vector256<float> high = default;
        for (int i = 0; i < count; i++)
        {
            FourSums four = Transpose(sums + i, count);
            Vector256<float> first = firsts != null ? firsts[i] : four.First,
                both = (first + four.Third) + (four.Second + four.Fourth); // (S0 + S4) + (S2 + S6), above it those of the odd ones
            Vector256<float> totals = both + Avx.Permute2x128(both, both, 1);
            if (!to.Complete(i, ref totals, ref high, out float* y))
            {
                continue;
            }

            if (rows == RowsAtOnce)
            {
                totals.GetLower().Store(y + row);
                continue;
            }

            for (int r = 0; r < rows; r++)
            {
                y[row + r] = totals[r];
            }
        }
    }

    private struct FourSums
    {
        public Vector256<float> First, Second, Third, Fourth;
    }
}
