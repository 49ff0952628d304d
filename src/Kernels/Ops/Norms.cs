using System.Diagnostics;
using System.Runtime.Intrinsics;

namespace LayerStream.Kernels.Ops;

/// <summary>Norms of heads, on the calling thread; sums of squares are accumulated in F64 in a fixed order.</summary>
public static unsafe class Norms
{
    /// <summary>y = x · factor / √(Σx² + epsilon); a zero vector gives zeros, for epsilon = 0 too.</summary>
    /// <param name="x">n floats.</param>
    /// <param name="y">n floats; may be x.</param>
    /// <param name="n">Elements, at least 1.</param>
    /// <param name="epsilon">Added to the sum, inside the root.</param>
    /// <param name="factor">Factor on the result.</param>
    public static void L2Norm(nint x, nint y, int n, float epsilon, float factor = 1f)
    {
        Debug.Assert(n > 0);
        double sum = VectorOps.SumOfSquares((float*)x, n) + epsilon;
        VectorOps.ScaleTo((float*)x, (float*)y, n, sum == 0 ? 0f : (float)(factor / Math.Sqrt(sum)));
    }

    /// <summary>y = (x / √(mean(x²) + epsilon) ⊙ weight) ⊙ SiLU(gate) for each of several heads: the norm comes before the gate.</summary>
    /// <param name="x">heads · dim floats.</param>
    /// <param name="weight">dim floats shared by the heads.</param>
    /// <param name="gate">heads · dim floats.</param>
    /// <param name="y">heads · dim floats; may be x or gate.</param>
    /// <param name="heads">Heads.</param>
    /// <param name="dim">Elements of a head.</param>
    /// <param name="epsilon">Added to the mean of squares.</param>
    public static void GatedRmsNorm(nint x, nint weight, nint gate, nint y, int heads, int dim, float epsilon)
    {
        for (int h = 0; h < heads; h++)
        {
            long offset = (long)h * dim;
            GatedHead((float*)x + offset, (float*)weight, (float*)gate + offset, (float*)y + offset, dim, epsilon);
        }
    }

    private static void GatedHead(float* x, float* weight, float* gate, float* y, int n, float epsilon)
    {
        float scale = (float)(1.0 / Math.Sqrt((VectorOps.SumOfSquares(x, n) / n) + epsilon));
        Vector256<float> scales = Vector256.Create(scale);
        int i = 0;
        for (; i <= n - Lanes.Count; i += Lanes.Count)
        {
            Vector256<float> normed = Vector256.Load(x + i) * scales * Vector256.Load(weight + i);
            SiluUnit.Apply(Vector256.Load(gate + i), normed).Store(y + i);
        }

        for (; i < n; i++)
        {
            y[i] = SiluUnit.Apply(gate[i], x[i] * scale * weight[i]);
        }
    }
}
