using LayerStream.Formats;
using LayerStream.Formats.Writing;
using LayerStream.Kernels.Quants;
using LayerStream.Kernels.Quants.Encoding;

using Xunit;

namespace LayerStream.Kernels.Tests;

/// <summary>What is encoded decodes to almost what it was: how near is stated for each type.</summary>
public sealed class QuantizeTests
{
    private const int Elements = 1 << 16;

    /// <summary>
    /// The most root mean square error of normal values, in standard deviations: what the encoders give, and 3 %. In theory step ÷ √12.
    /// Q8_0: the largest of 32 normals is 2.35 on average, in 127 steps: 0.0053. Q4_0, Q5_0: in 8 and 16 steps: 0.085 and 0.042.
    /// Q4_1, Q5_1: a range of 4.14 in 15 and 31 steps: 0.080 and 0.039. Q6_K: the largest of 16 is 2.07, in 32 steps: 0.019. Q2_K to
    /// Q5_K must be below the best uniform quantiser of one step for all (0.345 for 4 levels, 0.194 for 8, 0.107 for 16, 0.059 for 32;
    /// Max 1960), since theirs follow the group. Halves have 2^-11, BF16 2^-8 of a power of two.
    /// </summary>
    private static readonly Dictionary<TensorType, double> s_mostError = new()
    {
        [TensorType.F32] = 0,
        [TensorType.F16] = 0.000215,
        [TensorType.BF16] = 0.00172,
        [TensorType.Q8_0] = 0.0055,
        [TensorType.Q4_0] = 0.0882,
        [TensorType.Q5_0] = 0.0439,
        [TensorType.Q4_1] = 0.0802,
        [TensorType.Q5_1] = 0.039,
        [TensorType.Q2_K] = 0.276,
        [TensorType.Q3_K] = 0.15,
        [TensorType.Q4_K] = 0.0728,
        [TensorType.Q5_K] = 0.0359,
        [TensorType.Q6_K] = 0.0178,
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
            Assert.InRange(RootMeanSquare(values, Through(type, values)) / scale, 0, s_mostError[type] * 1.1);
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Row_OfBlocksOfManyKinds_KeepsEachValueWithinItsBound(TensorType type)
    {
        int size = Math.Max(32, TensorTypes.Get(type).BlockSize);
        double worst = 0;
        foreach (float[] block in Blocks(size))
        {
            float[] read = Through(type, block);
            double largest = block.Max(MathF.Abs);
            worst = Math.Max(worst, block.Zip(read, (x, y) => Math.Abs((double)x - y)).Max() / Math.Max(largest, 1e-3));
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{type} {worst:F5}");
        Assert.InRange(worst, 0, MostOfLargest(type));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Row_OfNothing_IsNothing(TensorType type)
    {
        Assert.All(Through(type, new float[512]), v => Assert.Equal(0, v));
        Assert.All(Through(type, [.. Enumerable.Repeat(1e-40f, 512)]), v => Assert.InRange(v, 0, 1e-38f)); // below every scale
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Row_OfTinyValues_IsOffByOneSmallestScaleAtMost(TensorType type)
    {
        foreach (float scale in (float[])[1e-9f, 3e-8f, 1e-7f, 1e-6f, 1e-5f])
        {
            float[] values = [.. Normal(scale, seed: 8)[..2048]];
            float[] read = Through(type, values);
            double bound = MostOfLargest(type) * values.Max(MathF.Abs);
            Assert.All(values.Zip(read), p => Assert.InRange(Math.Abs(p.First - p.Second), 0, bound + 6e-8)); // 2^-24
        }
    }

    [Theory]
    [InlineData(TensorType.F16, 65504f, 65520f)]
    [InlineData(TensorType.BF16, 3.38e38f, 3.4e38f)]
    [InlineData(TensorType.Q8_0, 8.3e6f, 8.33e6f)]
    [InlineData(TensorType.Q4_0, 5.2e5f, 5.25e5f)]
    [InlineData(TensorType.Q5_0, 1.04e6f, 1.05e6f)]
    [InlineData(TensorType.Q4_1, 6.5e4f, 1e6f)]
    [InlineData(TensorType.Q5_1, 6.5e4f, 2.1e6f)]
    [InlineData(TensorType.Q2_K, 9e5f, 1e9f)]
    [InlineData(TensorType.Q3_K, 4e6f, 1e30f)]
    [InlineData(TensorType.Q4_K, 4e6f, 3.4e38f)]
    [InlineData(TensorType.Q5_K, 4e6f, 1e20f)]
    [InlineData(TensorType.Q6_K, 1e8f, 1e10f)]
    public void Row_OfHugeValues_IsEncodedOrRefused(TensorType type, float fits, float refused)
    {
        float[] values = Normal(1, seed: 5)[..512];
        values[301] = -fits;
        Assert.InRange(Through(type, values)[301] / -fits, 0.8f, 1.2f);
        values[301] = refused;
        UnencodableValueException error = Assert.Throws<UnencodableValueException>(() => Through(type, values));
        Assert.Equal((type, 301, refused), (error.Type, error.Element, error.Value));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Row_OfValuesThatAreNotFinite_NamesTheFirst(TensorType type)
    {
        foreach (float value in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
        {
            foreach (int at in (int[])[0, 7, 300, 511])
            {
                float[] values = Normal(1, seed: 6)[..512];
                values[at] = value;
                values[511] = float.NaN;
                UnencodableValueException error = Assert.Throws<UnencodableValueException>(() => Through(type, values));
                Assert.Equal(at, error.Element);
            }
        }
    }

    [Theory]
    [InlineData(TensorType.F32)]
    [InlineData(TensorType.F16)]
    [InlineData(TensorType.BF16)]
    [InlineData(TensorType.Q8_0)]
    [InlineData(TensorType.Q4_0)]
    [InlineData(TensorType.Q5_0)]
    public void Row_OfWhatWasDecoded_GivesTheSameBytes(TensorType type)
    {
        foreach (float scale in (float[])[0.02f, 1, 5000]) // their blocks' scales are normal halves
        {
            byte[] once = Encoded(type, Normal(scale, seed: 7));
            float[] values = new float[Elements];
            Dequantize.Row(type, once, values);
            Assert.Equal(once, Encoded(type, values));
        }
    }

    [Fact]
    public void Row_OfATypeThatIsNotWritten_IsRefused()
    {
        Assert.False(Quantize.Supports(TensorType.IQ2_XS));
        Assert.Throws<NotSupportedException>(() => Quantize.Row(TensorType.IQ2_XS, new float[256], new byte[74]));
        Assert.Throws<ArgumentException>(() => Quantize.Row(TensorType.Q4_0, new float[31], new byte[18]));
        Assert.Throws<ArgumentException>(() => Quantize.Row(TensorType.Q4_0, new float[32], new byte[17]));
    }

    /// <summary>
    /// The most error of one value over the largest of its block. With one scale half a step, a whole one where the far end of the other
    /// sign is cut (Q4_0, Q5_0); K types may cut a group's end where that serves the others:
    /// what was met, and 5 %.
    /// </summary>
    private static double MostOfLargest(TensorType type) => type switch
    {
        TensorType.F32 => 0,
        TensorType.F16 => 1.0 / 2048,
        TensorType.BF16 => 1.0 / 256,
        TensorType.Q8_0 => 1.01 / 254,
        TensorType.Q4_0 => 1.01 / 8,
        TensorType.Q5_0 => 1.01 / 16,
        TensorType.Q4_1 => 1.02 / 15,
        TensorType.Q5_1 => 1.03 / 31,
        TensorType.Q2_K => 0.36,
        TensorType.Q3_K => 0.23,
        TensorType.Q4_K => 0.083,
        TensorType.Q5_K => 0.041,
        _ => 0.0236,
    };

    private static IEnumerable<float[]> Blocks(int size)
    {
        SplitMix64 random = new(9);
        for (int i = 0; i < 300; i++)
        {
            float[] normal = Normal(1, seed: (ulong)i)[..size];
            yield return normal;
            yield return [.. normal.Select(v => v * v * v)];                           // long tails
            yield return [.. normal.Select((v, j) => j == (i % size) ? 100 : v)];      // one outlier
            yield return [.. normal.Select(v => v > 1 ? v : 0)];                       // mostly zeros
            yield return [.. normal.Select(v => 3 + (v / 10))];                        // all of one sign
            yield return [.. normal.Select((_, j) => (float)((j % (i + 2)) - 5))];     // ramps
            yield return [.. normal.Select((v, j) => v * (float)Math.Pow(10, -(j / 32)))];     // groups of unlike size
            yield return [.. Enumerable.Repeat((float)(random.Normal() * 10), size)];  // constants
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
