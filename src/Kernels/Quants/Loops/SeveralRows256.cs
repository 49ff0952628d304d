using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>
/// Rows of <see cref="Blocks256Kernel{T, TLanes}"/> with several rows of activations: a block of weights is unpacked once and stays in
/// registers while all of them are multiplied with it. At AVX-512 too: wider registers would have to be folded for each of them.
/// </summary>
internal static unsafe class SeveralRows256<T>
    where T : IBlockSource
{
    private const int Lanes = LaneSums.Lanes;

    /// <summary>Blocks with values arranged, then the scales of all, filled up with zeros to eights.</summary>
    public static int ArrangedBytes(int columns)
    {
        int blocks = columns / 256;
        return (blocks * ActivationRow.Block256Bytes) + (Eights(blocks) * Lanes * sizeof(float));
    }

    public static void Arrange(byte* activations, int blocks, byte* to)
    {
        float* scales = (float*)(to + (blocks * ActivationRow.Block256Bytes));
        for (int b = 0; b < Eights(blocks) * Lanes; b++)
        {
            if (b >= blocks)
            {
                scales[b] = 0;
                continue;
            }

            Blocks256Avx2<T>.Arrange(activations, to);
            Unsafe.CopyBlockUnaligned(to + 256, activations + 256, ActivationRow.Block256Bytes - 256);
            scales[b] = *(float*)(activations + ActivationRow.Scale256Offset);
            activations += ActivationRow.Block256Bytes;
            to += ActivationRow.Block256Bytes;
        }
    }

    /// <summary>Rows [begin, end) of weights.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows(byte* weights, int begin, int end, int blocks, byte* activations, in SeveralOutputs to)
    {
        int count = to.Count;
        long stride = ArrangedBytes(blocks * 256);
        byte* buffer = stackalloc byte[Blocks256Kernel<T, Blocks256Avx2<T>>.BufferBytes];
        Vector256<int>* dots = stackalloc Vector256<int>[count * Lanes], mins = stackalloc Vector256<int>[count * Lanes];
        Vector256<float>* sums = stackalloc Vector256<float>[count];
        buffer = (byte*)(((nint)buffer + 63) & ~63);
        weights += (long)begin * blocks * T.BlockBytes;
        for (int row = begin; row < end; row++)
        {
            byte* x = activations;
            new Span<Vector256<float>>(sums, count).Clear();
            for (int done = 0; done < blocks; done += Lanes)
            {
                int now = Math.Min(blocks - done, Lanes);
                byte* block = T.Stage(weights, now, buffer);
                Vector256<float> d, dMin;
                if (now == Lanes)
                {
                    d = T.Scales(block, out dMin);
                }
                else
                {
                    new Span<Vector256<int>>(dots, count * Lanes).Clear();
                    new Span<Vector256<int>>(mins, count * Lanes).Clear();
                    d = FewScales(block, now, out dMin);
                }

                for (int b = 0; b < now; b++)
                {
                    RowPrefetch.Ahead(weights, T.BlockBytes);
                    Blocks256Avx2<T>.DotSeveral(block, x, stride, count, dots + b, mins + b);
                    weights += T.BlockBytes;
                    block += T.StagedBytes;
                    x += ActivationRow.Block256Bytes;
                }

                byte* a = activations + (blocks * ActivationRow.Block256Bytes) + (done * sizeof(float));
                for (int i = 0; i < count; i++, a += stride)
                {
                    sums[i] = AddBlocks(dots + (i * Lanes), mins + (i * Lanes), d, dMin, Vector256.Load((float*)a), sums[i]);
                }
            }

            to.Store(row, sums);
        }
    }

    /// <summary>
    /// Rows of up to four blocks, several at once, as <see cref="Blocks256Kernel{T, TLanes}"/> does: returns how many rows that were.
    /// </summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int ShortRows(byte* weights, int rows, int blocks, byte* activations, in SeveralOutputs to)
    {
        int count = to.Count;
        long stride = ArrangedBytes(blocks * 256);
        byte* buffer = stackalloc byte[Blocks256Kernel<T, Blocks256Avx2<T>>.BufferBytes];
        Vector256<int>* dots = stackalloc Vector256<int>[count * Lanes], mins = stackalloc Vector256<int>[count * Lanes];
        float* scales = stackalloc float[count * Lanes];
        int* order = stackalloc int[Lanes];
        buffer = (byte*)(((nint)buffer + 63) & ~63);
        new Span<Vector256<int>>(dots, count * Lanes).Clear();
        new Span<Vector256<int>>(mins, count * Lanes).Clear();
        int lanes = blocks > 2 ? 4 : blocks, rowsAtOnce = Lanes / lanes; // lanes of a row
        for (int lane = 0; lane < Lanes; lane++)
        {
            int b = lane % lanes;
            order[lane] = Math.Min(b, blocks - 1) + (lane / lanes * blocks); // an unused lane repeats a scale of its own row
            for (int i = 0; i < count; i++)
            {
                float* of = (float*)(activations + (i * stride) + (blocks * ActivationRow.Block256Bytes));
                scales[(i * Lanes) + lane] = of[b]; // zero where there is no such block
            }
        }

        int done = 0;
        for (; done + rowsAtOnce <= rows && (rows - done) * blocks >= Lanes; done += rowsAtOnce)
        {
            byte* first = T.Stage(weights, rowsAtOnce * blocks, buffer);
            byte* block = first;
            RowPrefetch.Ahead(weights, rowsAtOnce * blocks * T.BlockBytes);
            for (int lane = 0; lane < Lanes; lane += lanes)
            {
                for (int b = 0; b < blocks; b++)
                {
                    Blocks256Avx2<T>.DotSeveral(
                        block, activations + (b * ActivationRow.Block256Bytes), stride, count, dots + lane + b, mins + lane + b);
                    block += T.StagedBytes;
                }
            }

            weights += rowsAtOnce * blocks * T.BlockBytes;
            Vector256<float> d = Avx2.PermuteVar8x32(T.Scales(first, out Vector256<float> dMin), Vector256.Load(order)), high = default;
            dMin = Avx2.PermuteVar8x32(dMin, Vector256.Load(order));
            for (int i = 0; i < count; i++)
            {
                Vector256<float> totals = Blocks256Kernel<T, Blocks256Avx2<T>>.TotalsOfShort(AddBlocks(
                    dots + (i * Lanes), mins + (i * Lanes), d, dMin, Vector256.Load(scales + (i * Lanes)), default), lanes);
                if (to.Complete(i, ref totals, ref high, out float* y))
                {
                    Blocks256Kernel<T, Blocks256Avx2<T>>.StoreShort(totals, lanes, y + done);
                }
            }
        }

        return done;
    }

    private static int Eights(int blocks) => (blocks + Lanes - 1) / Lanes;

    /// <summary>Adds eight blocks to their lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> AddBlocks(Vector256<int>* dots, Vector256<int>* mins, Vector256<float> d, Vector256<float> dMin,
        Vector256<float> a, Vector256<float> sum)
    {
        sum = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(Blocks256Avx2<T>.DotsOfEight((byte*)dots)), d * a, sum);
        return T.Form == BlockForm.Minimums
            ? Vector256.FusedMultiplyAdd(-Vector256.ConvertToSingle(Blocks256Avx2<T>.MinsOfEight(mins)), dMin * a, sum) : sum;
    }

    /// <summary>Scales of fewer than eight blocks, the rest zeros.</summary>
    private static Vector256<float> FewScales(byte* block, int count, out Vector256<float> dMin)
    {
        float* scales = stackalloc float[2 * Lanes];
        new Span<float>(scales, 2 * Lanes).Clear();
        for (int b = 0; b < count; b++)
        {
            scales[b] = T.D(block);
            scales[Lanes + b] = T.Form == BlockForm.Minimums ? T.DMin(block) : 0;
            block += T.StagedBytes;
        }

        dMin = Vector256.Load(scales + Lanes);
        return Vector256.Load(scales);
    }
}
