using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LayerStream.Kernels.Ops;

/// <summary>Sum of the outputs of a token's experts, on the calling thread.</summary>
public static unsafe class ExpertSum
{
    /// <summary>
    /// output += Σ weights[i] · row_i, added in rising order of expert id whatever the order of the rows, so that the bits depend neither
    /// on
    /// the order in which experts were computed nor on where a caller splits the columns.
    /// </summary>
    /// <param name="ids">Distinct expert ids, at most <see cref="RouterRule.MaxSelected"/>.</param>
    /// <param name="weights">One weight per id.</param>
    /// <param name="rows">Output of the expert ids[i] at rows + i · rowStride floats.</param>
    /// <param name="rowStride">Floats.</param>
    /// <param name="output">n floats.</param>
    /// <param name="n">Elements.</param>
    /// <exception cref="ArgumentException">Too many ids, or fewer weights than ids.</exception>
    public static void Add(ReadOnlySpan<int> ids, ReadOnlySpan<float> weights, nint rows, long rowStride, nint output, int n) =>
        Add(ids, weights, rows, rowStride, output, n, isPlaced: false);

    /// <summary>As <see cref="Add(ReadOnlySpan{int}, ReadOnlySpan{float}, nint, long, nint, int)"/> where rows lie in rising order of
    /// expert id: output += Σ weights[i] · row at places[i].</summary>
    /// <param name="places">Distinct row numbers, at most <see cref="RouterRule.MaxSelected"/>, added in rising order.</param>
    /// <param name="weights">One weight per place.</param>
    /// <param name="rows">Row p at rows + p · rowStride floats.</param>
    /// <param name="rowStride">Floats.</param>
    /// <param name="output">n floats.</param>
    /// <param name="n">Elements.</param>
    /// <exception cref="ArgumentException">Too many places, or fewer weights than places.</exception>
    public static void AddPlaced(ReadOnlySpan<int> places, ReadOnlySpan<float> weights, nint rows, long rowStride, nint output, int n) =>
        Add(places, weights, rows, rowStride, output, n, isPlaced: true);

    [SkipLocalsInit]
    private static void Add(ReadOnlySpan<int> ids, ReadOnlySpan<float> weights, nint rows, long rowStride, nint output, int n,
        bool isPlaced)
    {
        if (ids.Length > RouterRule.MaxSelected || weights.Length < ids.Length)
        {
            throw new ArgumentException($"{ids.Length} expert ids with {weights.Length} weights.", nameof(ids));
        }

        int* order = stackalloc int[RouterRule.MaxSelected];
        Sort(ids, order);
        float** sources = stackalloc float*[RouterRule.MaxSelected];
        float* factors = stackalloc float[RouterRule.MaxSelected];
        for (int i = 0; i < ids.Length; i++)
        {
            sources[i] = (float*)rows + ((isPlaced ? ids[order[i]] : order[i]) * rowStride);
            factors[i] = weights[order[i]];
        }

        AddAll(sources, factors, ids.Length, (float*)output, n);
    }

    private static void AddAll(float** sources, float* factors, int count, float* output, int n)
    {
        int i = 0;
        for (; i <= n - Lanes.Count; i += Lanes.Count)
        {
            Vector256<float> sum = Vector256.Load(output + i);
            for (int e = 0; e < count; e++)
            {
                sum = Lanes.MultiplyAdd(Vector256.Load(sources[e] + i), Vector256.Create(factors[e]), sum);
            }

            sum.Store(output + i);
        }

        for (; i < n; i++)
        {
            float sum = output[i];
            for (int e = 0; e < count; e++)
            {
                sum = Lanes.MultiplyAdd(sources[e][i], factors[e], sum);
            }

            output[i] = sum;
        }
    }

    /// <summary>Positions of the ids in rising order of id.</summary>
    private static void Sort(ReadOnlySpan<int> ids, int* order)
    {
        for (int i = 0; i < ids.Length; i++)
        {
            int at = i;
            for (; at > 0 && ids[order[at - 1]] > ids[i]; at--)
            {
                order[at] = order[at - 1];
            }

            order[at] = i;
        }
    }
}
