using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Encoding;

/// <summary>
/// How much an element's squared error counts within a block of 256: 1 + |x| ÷ (root mean square), because what a weight adds to a product
/// grows with it.
/// </summary>
internal static unsafe class Importance
{
    /// <summary>Elements of a block.</summary>
    public const int Elements = 256;

    private const int Lanes = 8;

    /// <summary>Fills the weights of a block, of which not all values are zero.</summary>
    public static void Fill(float* values, float* weights)
    {
        float peak = MathF.Abs(Extremes.Peak(values, Elements)), inverse = 1 / peak; // squares neither overflow nor vanish
        Vector256<float> sum = Vector256<float>.Zero, scale = Vector256.Create(inverse);
        for (int i = 0; i < Elements; i += Lanes)
        {
            Vector256<float> v = Vector256.Load(values + i) * scale;
            sum += v * v;
        }

        Vector256<float> perDeviation = Vector256.Create(inverse / MathF.Sqrt(LaneSums.Total(sum) / Elements));
        for (int i = 0; i < Elements; i += Lanes)
        {
            (Vector256<float>.One + (Vector256.Abs(Vector256.Load(values + i)) * perDeviation)).Store(weights + i);
        }
    }
}
