using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LayerStream.Kernels.Ops;

/// <summary>Sum of the outputs of a token's experts, on the calling thread.</summary>
public static unsafe class ExpertSum
{
    /// <summary>
    /// output += Σ weights[i] · row at places[i], added in rising order of the places: where rows lie in rising order of expert id, the
    /// bits depend neither on the order in which experts were computed nor on where a caller splits the columns.
    /// </summary>
    /// <param name="places">Distinct row numbers, at most <see cref="RouterRule.MaxSelected"/>.</param>
    /// <param name="weights">One weight per place.</param>
    /// <param name="rows">Results of experts.</param>
    /// <param name="output">n floats.</param>
    /// <param name="n">Elements.</param>
    /// <exception cref="ArgumentException">Too many places, or fewer weights than places.</exception>
    [SkipLocalsInit]
    public static void Add(ReadOnlySpan<int> places, ReadOnlySpan<float> weights, FloatRows rows, nint output, int n)
    {
        if (places.Length > RouterRule.MaxSelected || weights.Length < places.Length)
        {
            throw new ArgumentException($"{places.Length} rows with {weights.Length} weights.", nameof(places));
        }

        int* order = stackalloc int[RouterRule.MaxSelected];
        Sort(places, order);
        float** sources = stackalloc float*[RouterRule.MaxSelected];
        float* factors = stackalloc float[RouterRule.MaxSelected];
        for (int i = 0; i < places.Length; i++)
        {
            sources[i] = (float*)rows[places[order[i]]];
            factors[i] = weights[order[i]];
        }

        AddAll(sources, factors, places.Length, (float*)output, n);
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

    /// <summary>Positions of the places in rising order of place.</summary>
    private static void Sort(ReadOnlySpan<int> places, int* order)
    {
        for (int i = 0; i < places.Length; i++)
        {
            int at = i;
            for (; at > 0 && places[order[at - 1]] > places[i]; at--)
            {
                order[at] = order[at - 1];
            }

            order[at] = i;
        }
    }
}
