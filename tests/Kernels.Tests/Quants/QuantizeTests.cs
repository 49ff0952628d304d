using LayerStream.Formats;
using LayerStream.Formats.Writing;
using LayerStream.Kernels.Quants;

using Xunit;

namespace LayerStream.Kernels.Tests;

/// <summary>What is encoded decodes to almost what it was: how near is stated for each type.</summary>
public sealed class QuantizeTests
{
    private const int Elements = 1 << 16;

    /// <summary>
    /// The most root mean square error of normal values, in standard deviations. A uniform quantiser has step ÷ √12. Q8_0: the largest of 32
    /// normals is 2.4 on average, in 127 steps: 0.0055. Q4_0, Q5_0: 8 and 16 steps, and the far end of the other sign is cut by up to
    /// one. Q4_1, Q5_1: a range of 4.1 in 15 and 31 steps: 0.080 and 0.039. Q6_K: the largest of 16 is 2.07, in 32 steps: 0.019. Q2_K to Q5_K: below
    /// the best uniform quantiser of a fixed step (0.345 for 4 levels, 0.194 for 8, 0.107 for 16, 0.059 for 32; Max 1960), since steps follow the
    /// group. Bounds are what the encoders give and some 3 %. Halves: 2^-11 ÷ √12 of the value at most; BF16 2^-8 ÷ √12.
    /// </summary>
    private static readonly Dictionary<TensorType, double> s_mostError = new()
    {
        [TensorType.F32] = 0,
        [TensorType.F16] = 0.00025,
        [TensorType.BF16] = 0.002,
        [TensorType.Q8_0] = 0.0059,
        [TensorType.Q4_0] = 0.1,
        [TensorType.Q5_0] = 0.05,
        [TensorType.Q4_1] = 0.083,
        [TensorType.Q5_1] = 0.041,
        [TensorType.Q2_K] = 0.3,
        [TensorType.Q3_K] = 0.17,
        [TensorType.Q4_K] = 0.08,
        [TensorType.Q5_K] = 0.04,
        [TensorType.Q6_K] = 0.02,
    };

    public static TheoryData<TensorType> Types() => [.. Quantize.Types];

    [Theory]
    [MemberData(nameof(Types))]
    public void Row_OfNormalValues_IsAsNearAsTheTypeAllows(TensorType type)
    {
        float[] values = Normal(1, seed: 3);
        double error = RootMeanSquare(values, Through(type, values));
        TestContext.Current.TestOutputHelper?.WriteLine($"{type} {error:F5}");
        Assert.InRange(error, s_mostError[type] / 2, s_mostError[type]);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Row_OfAnyScale_HasTheSameRelativeError(TensorType type)
    {
        foreach (float scale in (float[])[0.01f, 3e-3f, 100, 3000])
        {
            float[] values = Normal(scale, seed: 4);
            Assert.InRange(RootMeanSquare(values, Through(type, values)) / scale, 0, s_mostError[type] * 1.05);
        }
    }

    private static float[] Normal(float scale, ulong seed)
    {
        SplitMix64 random = new(seed);
        float[] values = new float[Elements];
        foreach (ref float value in values.AsSpan())
        {
            value = (float)(scale * random.Normal());
        }

        return values;
    }

    private static double RootMeanSquare(float[] a, float[] b) =>
        Math.Sqrt(a.Zip(b, (x, y) => ((double)x - y) * ((double)x - y)).Average());

    private static byte[] Encoded(TensorType type, float[] values)
    {
        TensorTypeInfo info = TensorTypes.Get(type);
        byte[] blocks = new byte[values.Length / info.BlockSize * info.BlockBytes];
        Quantize.Row(type, values, blocks);
        return blocks;
    }

    private static float[] Through(TensorType type, float[] values)
    {
        float[] decoded = new float[values.Length];
        Dequantize.Row(type, Encoded(type, values), decoded);
        return decoded;
    }
}
