using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Encoding;

/// <summary>
/// 256 values as sixteen groups of 16 with whole-numbered scales, y = (d·sc)·q: scales and codes of least weighted square error among a
/// few candidates.
/// </summary>
/// <param name="most">Codes are −most … most − 1.</param>
/// <param name="scaleMost">Scales are −scaleMost … scaleMost − 1.</param>
internal readonly unsafe struct ScaledGroups(int most, int scaleMost)
{
    /// <summary>Groups of a block.</summary>
    public const int Groups = 16;

    private const int Elements = 16;
    private const int Lanes = 8;
    private const int Steps = 16;           // candidates for the outermost code of a group, from most − 1 to most + 1
    private const float StepSize = 2f / Steps;
    private const float Smallest = 1e-30f;  // of a group worth a scale; its inverse is finite

    /// <summary>Finds scales and codes.</summary>
    /// <param name="values">256 finite values.</param>
    /// <param name="codes">256 codes plus most.</param>
    /// <param name="scales">16 scales plus scaleMost.</param>
    /// <param name="d">Their unit.</param>
    /// <returns>False when no unit is large enough.</returns>
    public bool TryFit(float* values, byte* codes, byte* scales, out Half d)
    {
        float* weights = stackalloc float[Importance.Elements];
        float* fits = stackalloc float[Groups];
        float largest = MathF.Abs(Extremes.Peak(values, Importance.Elements));
        d = Half.Zero;
        new Span<byte>(scales, Groups).Fill((byte)scaleMost);
        if (largest < (float)Half.Epsilon / 2 || !Half.IsFinite((Half)(largest / most / scaleMost)))
        {
            new Span<byte>(codes, Importance.Elements).Fill((byte)most);
            return largest < 1;
        }

        Importance.Fill(values, weights);
        float peak = 0;
        for (int g = 0; g < Groups; g++)
        {
            fits[g] = Fit(values + (Elements * g), weights + (Elements * g));
            peak = MathF.Abs(fits[g]) > MathF.Abs(peak) ? fits[g] : peak;
        }

        d = HalfScale.Cover(peak / -scaleMost);
        float error = ChooseScales(values, weights, fits, (float)d, scales);
        Half better = Refit(values, weights, scales, (float)d);
        if (Half.IsFinite(better) && Error(values, weights, scales, (float)better) < error)
        {
            d = better;
        }

        for (int g = 0; g < Groups; g++)
        {
            float inverse = HalfScale.Inverse((float)d * (scales[g] - scaleMost));
            Rounding.Codes(values + (Elements * g), Elements, 0, inverse, most, (2 * most) - 1, codes + (Elements * g));
        }

        return Half.IsFinite(d);
    }

    /// <summary>The scale of a group, free of units: of each candidate's codes the scale of least squares, and of these the best.</summary>
    private float Fit(float* values, float* weights)
    {
        float peak = Extremes.Peak(values, Elements), best = 0, score = 0;
        if (MathF.Abs(peak) < Smallest)
        {
            return 0;
        }

        for (int step = 0; step <= Steps; step++)
        {
            Sums(values, weights, -(most - 1 + (step * StepSize)) / peak, out float product, out float square);
            if (product * product > score * square)
            {
                score = product * product / square;
                best = product / square;
            }
        }

        return best;
    }

    /// <summary>For each group the best of the three scales round its fit. Returns the error of the block.</summary>
    private float ChooseScales(float* values, float* weights, float* fits, float d, byte* scales)
    {
        float total = 0, inverse = HalfScale.Inverse(d);
        for (int g = 0; g < Groups; g++)
        {
            float* x = values + (Elements * g), w = weights + (Elements * g);
            int nearest = Math.Clamp((int)MathF.Round(fits[g] * inverse), -scaleMost, scaleMost - 1), best = nearest;
            float error = Error(x, w, d * nearest);
            for (int scale = Math.Max(nearest - 1, -scaleMost); scale <= Math.Min(nearest + 1, scaleMost - 1); scale++)
            {
                float other = Error(x, w, d * scale);
                (best, error) = other < error ? (scale, other) : (best, error);
            }

            scales[g] = (byte)(best + scaleMost);
            total += error;
        }

        return total;
    }

    /// <summary>The unit of least squares for the codes that a unit gives.</summary>
    private Half Refit(float* values, float* weights, byte* scales, float d)
    {
        float products = 0, squares = 0;
        for (int g = 0; g < Groups; g++)
        {
            int scale = scales[g] - scaleMost;
            Sums(values + (Elements * g), weights + (Elements * g), HalfScale.Inverse(d * scale), out float product, out float square);
            products += scale * product;
            squares += (float)scale * scale * square;
        }

        return squares == 0 ? (Half)d : (Half)(products / squares);
    }

    private float Error(float* values, float* weights, byte* scales, float d)
    {
        float total = 0;
        for (int g = 0; g < Groups; g++)
        {
            total += Error(values + (Elements * g), weights + (Elements * g), d * (scales[g] - scaleMost));
        }

        return total;
    }

    private float Error(float* values, float* weights, float scale)
    {
        Vector256<float> sum = Vector256<float>.Zero, s = Vector256.Create(scale);
        for (int i = 0; i < Elements; i += Lanes)
        {
            Vector256<float> x = Vector256.Load(values + i), e = x - (s * Codes(x, HalfScale.Inverse(scale)));
            sum += Vector256.Load(weights + i) * e * e;
        }

        return LaneSums.Total(sum);
    }

    /// <summary>Σ w·x·q and Σ w·q² of a group.</summary>
    private void Sums(float* values, float* weights, float inverse, out float product, out float square)
    {
        Vector256<float> products = Vector256<float>.Zero, squares = products;
        for (int i = 0; i < Elements; i += Lanes)
        {
            Vector256<float> x = Vector256.Load(values + i), q = Codes(x, inverse), wq = Vector256.Load(weights + i) * q;
            products += wq * x;
            squares += wq * q;
        }

        (product, square) = (LaneSums.Total(products), LaneSums.Total(squares));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector256<float> Codes(Vector256<float> x, float inverse) =>
        Rounding.Whole(x, Vector256.Create(inverse), Vector256.Create((float)-most), Vector256.Create((float)(most - 1)));
}
