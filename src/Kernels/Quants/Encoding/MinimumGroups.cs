using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Encoding;

/// <summary>
/// 256 values as groups with whole-numbered scales and minimums, y = (d·sc)·q − dmin·mn: scales, minimums and codes of least weighted
/// square error among a few candidates. Minimums are not negative, so that a group's smallest value is taken to be at most 0.
/// </summary>
/// <param name="elements">Values of a group, a multiple of 8.</param>
/// <param name="most">Codes are 0 … most.</param>
/// <param name="scaleMost">Scales and minimums are 0 … scaleMost.</param>
internal readonly unsafe struct MinimumGroups(int elements, int most, int scaleMost)
{
    /// <summary>The most groups of a block.</summary>
    public const int MostGroups = 16;

    private const int Lanes = 8;
    private const int Steps = 16; // candidates for the codes of a group's range, from most − ½ to most + 1½
    private const float StepSize = 2f / Steps;
    private const float Smallest = 1e-30f; // of a range worth a scale; its inverse is finite

    /// <summary>Groups of a block.</summary>
    public int Groups => Importance.Elements / elements;

    /// <summary>Finds scales, minimums and codes.</summary>
    /// <param name="values">256 finite values.</param>
    /// <param name="codes">256 codes.</param>
    /// <param name="scales">One per group.</param>
    /// <param name="mins">One per group.</param>
    /// <param name="d">Unit of the scales.</param>
    /// <param name="dmin">Unit of the minimums.</param>
    /// <returns>False when no units are large enough.</returns>
    public bool TryFit(float* values, byte* codes, byte* scales, byte* mins, out Half d, out Half dmin)
    {
        float* weights = stackalloc float[Importance.Elements];
        Pair* fits = stackalloc Pair[MostGroups];
        new Span<byte>(scales, Groups).Clear();
        new Span<byte>(mins, Groups).Clear();
        (d, dmin) = (Half.Zero, Half.Zero);
        float peak = MathF.Abs(Extremes.Peak(values, Importance.Elements));
        if (peak < (float)Half.Epsilon / 2 || !Half.IsFinite((Half)(peak / most / scaleMost)))
        {
            new Span<byte>(codes, Importance.Elements).Clear();
            return peak < 1;
        }

        Importance.Fill(values, weights);
        Pair largest = default;
        for (int g = 0; g < Groups; g++)
        {
            fits[g] = Fit(values + (elements * g), weights + (elements * g));
            largest = new Pair(MathF.Max(largest.Scale, fits[g].Scale), MathF.Max(largest.Min, fits[g].Min));
        }

        (d, dmin) = (HalfScale.Cover(largest.Scale / scaleMost), HalfScale.Cover(largest.Min / scaleMost));
        if (!Half.IsFinite(d) || !Half.IsFinite(dmin))
        {
            return false;
        }

        float error = ChoosePairs(values, weights, fits, new Pair((float)d, (float)dmin), scales, mins);
        Pair refit = Refit(values, weights, scales, mins, new Pair((float)d, (float)dmin));
        (Half otherD, Half otherMin) = ((Half)refit.Scale, (Half)refit.Min);
        if (Half.IsFinite(otherD) && Half.IsFinite(otherMin)
            && Error(values, weights, scales, mins, new Pair((float)otherD, (float)otherMin)) < error)
        {
            (d, dmin) = (otherD, otherMin);
        }

        for (int g = 0; g < Groups; g++)
        {
            Rounding.Codes(values + (elements * g), elements, (float)dmin * mins[g], HalfScale.Inverse((float)d * scales[g]), 0, most,
                codes + (elements * g));
        }

        return true;
    }

    /// <summary>Scale and minimum of a group, free of units.</summary>
    private Pair Fit(float* values, float* weights)
    {
        Extremes.Find(values, elements, out float least, out float largest);
        least = MathF.Min(least, 0);
        Pair best = new(0, -least);
        float range = largest - least;
        if (range < Smallest)
        {
            return best;
        }

        double error = double.PositiveInfinity;
        for (int step = 0; step <= Steps; step++)
        {
            float inverse = (most - 0.5f + (step * StepSize)) / range;
            Try(values, weights, -least, inverse, ref best, ref error);
        }

        if (best.Scale > Smallest)
        {
            Try(values, weights, best.Min, 1 / best.Scale, ref best, ref error); // the codes of the best pair, fitted again
        }

        return best;
    }

    /// <summary>Takes the pair of least squares for the codes (x + shift)·inverse if it is better.</summary>
    private void Try(float* values, float* weights, float shift, float inverse, ref Pair best, ref double error)
    {
        GroupSums sums = Sum(values, weights, shift, inverse);
        Pair pair = sums.Solve();
        double other = sums.Error(pair);
        if (pair.Scale > 0 && other < error)
        {
            (best, error) = (pair, other);
        }
    }

    /// <summary>For each group the best of the nine pairs round its fit. Returns the error of the block.</summary>
    private float ChoosePairs(float* values, float* weights, Pair* fits, Pair units, byte* scales, byte* mins)
    {
        float total = 0, inverseD = HalfScale.Inverse(units.Scale), inverseMin = HalfScale.Inverse(units.Min);
        for (int g = 0; g < Groups; g++)
        {
            float* x = values + (elements * g), w = weights + (elements * g);
            int scale = Math.Clamp((int)MathF.Round(fits[g].Scale * inverseD), 0, scaleMost);
            int min = Math.Clamp((int)MathF.Round(fits[g].Min * inverseMin), 0, scaleMost);
            float error = float.PositiveInfinity;
            for (int s = Math.Max(scale - 1, 0); s <= Math.Min(scale + 1, scaleMost); s++)
            {
                for (int m = Math.Max(min - 1, 0); m <= Math.Min(min + 1, scaleMost); m++)
                {
                    float other = Error(x, w, units.Scale * s, units.Min * m);
                    if (other < error)
                    {
                        (scales[g], mins[g], error) = ((byte)s, (byte)m, other);
                    }
                }
            }

            total += error;
        }

        return total;
    }

    /// <summary>The units of least squares for the codes that units give.</summary>
    private Pair Refit(float* values, float* weights, byte* scales, byte* mins, Pair units)
    {
        GroupSums all = default;
        for (int g = 0; g < Groups; g++)
        {
            GroupSums one = Sum(values + (elements * g), weights + (elements * g), units.Min * mins[g],
                HalfScale.Inverse(units.Scale * scales[g]));
            all = all.Plus(one, scales[g], mins[g]);
        }

        Pair refit = all.Solve();
        return refit.Scale > 0 ? refit : units;
    }

    private float Error(float* values, float* weights, byte* scales, byte* mins, Pair units)
    {
        float total = 0;
        for (int g = 0; g < Groups; g++)
        {
            total += Error(values + (elements * g), weights + (elements * g), units.Scale * scales[g], units.Min * mins[g]);
        }

        return total;
    }

    private float Error(float* values, float* weights, float scale, float min)
    {
        Vector256<float> sum = Vector256<float>.Zero, s = Vector256.Create(scale), m = Vector256.Create(min);
        Vector256<float> inverse = Vector256.Create(HalfScale.Inverse(scale));
        for (int i = 0; i < elements; i += Lanes)
        {
            Vector256<float> x = Vector256.Load(values + i) + m, e = x - (s * Codes(x, inverse));
            sum += Vector256.Load(weights + i) * e * e;
        }

        return LaneSums.Total(sum);
    }

    private GroupSums Sum(float* values, float* weights, float shift, float inverse)
    {
        Vector256<float> w1 = Vector256<float>.Zero, wx = w1, wq = w1, wqq = w1, wqx = w1, wxx = w1;
        for (int i = 0; i < elements; i += Lanes)
        {
            Vector256<float> x = Vector256.Load(values + i), w = Vector256.Load(weights + i);
            Vector256<float> q = Codes(x + Vector256.Create(shift), Vector256.Create(inverse)), one = w * q, two = w * x;
            w1 += w;
            wx += two;
            wq += one;
            wqq += one * q;
            wqx += one * x;
            wxx += two * x;
        }

        return new GroupSums(LaneSums.Total(w1), LaneSums.Total(wx), LaneSums.Total(wxx), LaneSums.Total(wq), LaneSums.Total(wqq),
            LaneSums.Total(wqx));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector256<float> Codes(Vector256<float> x, Vector256<float> inverse) =>
        Rounding.Whole(x, inverse, Vector256<float>.Zero, Vector256.Create((float)most));

    /// <summary>A scale and a minimum, or their units.</summary>
    private readonly record struct Pair(float Scale, float Min);

    /// <summary>Weighted sums of values x, codes q, and products of them: what a fit x ≈ s·q − m needs.</summary>
    private readonly record struct GroupSums(double W, double X, double XX, double Q, double QQ, double QX)
    {
        /// <summary>Least squares with m ≥ 0.</summary>
        public Pair Solve()
        {
            double determinant = (QQ * W) - (Q * Q);
            double scale = ((W * QX) - (X * Q)) / determinant, min = ((Q * QX) - (QQ * X)) / determinant;
            return determinant > 0 && min >= 0 ? new Pair((float)scale, (float)min) : QQ > 0 ? new Pair((float)(QX / QQ), 0) : default;
        }

        /// <summary>Weighted square error of a pair.</summary>
        public double Error(Pair p) =>
            XX + ((double)p.Scale * p.Scale * QQ) + ((double)p.Min * p.Min * W) - (2 * p.Scale * QX) + (2 * p.Min * X)
                - (2 * (double)p.Scale * p.Min * Q);

        /// <summary>Adds a group whose codes count scale times and whose ones count min times.</summary>
        public GroupSums Plus(GroupSums g, int scale, int min) => new(W + ((double)min * min * g.W), X + (min * g.X), XX + g.XX,
            Q + ((double)scale * min * g.Q), QQ + ((double)scale * scale * g.QQ), QX + (scale * g.QX));
    }
}
