using LayerStream.Kernels.Quants;
using LayerStream.Kernels.Quants.Activations;
using Xunit;

namespace LayerStream.Kernels.Tests;

public sealed unsafe class PrepareTests
{
    [Theory]
    [InlineData(32)]
    [InlineData(64)]
    [InlineData(96)]
    [InlineData(256)]
    public void Prepare_Block32_RoundsHalfToEvenAndSums(int columns)
    {
        float[] x = QuantSamples.Activations(columns, new Random(columns));
        for (int i = 0; i < 32; i++)
        {
            x[i] = i;
        }

        x[0] = 127;
        x[1] = 0.5f;
        x[2] = 1.5f;
        x[3] = -2.5f;
        x[4] = -127;
        using var row = Prepare(ActivationLayout.Q8Block32, x);
        sbyte* q = (sbyte*)row.Address;
        Assert.Equal((127, 0, 2, -2, -127), (q[0], q[1], q[2], q[3], q[4])); // the first try, which fits whole numbers
        float* scales = (float*)(row.Address + ((columns + 63) / 64 * 64));
        for (int b = 0; b < columns / 32; b++)
        {
            float scale = scales[(b / 2 * 4) + (b % 2)];
            int sum = AssertBestOfTwo(x.AsSpan(32 * b, 32), q + (32 * b), scale);
            Assert.Equal(scale * sum, scales[(b / 2 * 4) + (b % 2) + 2]);
        }
    }

    [Theory]
    [InlineData(ActivationLayout.Q8Block32, 32)]
    [InlineData(ActivationLayout.Q8Block256, 256)]
    public void Prepare_ManyBlocks_LeaveLessSquaredErrorThanTheLargestValuesScale(ActivationLayout layout, int block)
    {
        double error = 0, plain = 0;
        float[] x = QuantSamples.Activations(256 * 64, new Random(7));
        using var row = Prepare(layout, x);
        for (int i = 0; i < x.Length; i++)
        {
            byte* at = (byte*)row.Address;
            float* pairs = (float*)(at + x.Length);
            int b = i / block;
            float scale = block == 32 ? pairs[(b / 2 * 4) + (b % 2)] : *(float*)(at + (b * 320) + 288);
            sbyte q = block == 32 ? ((sbyte*)at)[i] : ((sbyte*)at)[(b * 320) + (i % 256)];
            float d = x.AsSpan(b * block, block).ToArray().Max(MathF.Abs) / 127f;
            error += Math.Pow(x[i] - ((double)scale * q), 2);
            plain += Math.Pow(x[i] - ((double)d * Math.Round(x[i] / d)), 2);
        }

        Assert.InRange(error / plain, 0.5, block == 32 ? 0.92 : 0.98);
    }

    [Fact]
    public void Prepare_Block32_RecordsOfEightBlocksRepeatThePairs()
    {
        foreach (int columns in Enumerable.Range(1, 40).Select(n => 32 * n))
        {
            float[] x = QuantSamples.Activations(columns, new Random(columns));
            x[columns - 1] = columns % 96 == 0 ? float.PositiveInfinity : columns % 160 == 0 ? float.NaN : x[columns - 1];
            using var row = Prepare(ActivationLayout.Q8Block32, x);
            float* pairs = (float*)(row.Address + ((columns + 63) / 64 * 64));
            byte* records = (byte*)row.Address + MatMul.RowBytes(ActivationLayout.Q8Block32, columns) - ((columns + 255) / 256 * 128);
            for (int b = 0; b < columns / 32; b++)
            {
                byte* record = records + (b / 8 * 128) + (b % 8 * 4);
                int sum = Enumerable.Range(32 * b, 32).Sum(i => ((sbyte*)row.Address)[i]);
                Assert.Equal(pairs[(b / 2 * 4) + (b % 2)], *(float*)record);
                Assert.Equal(pairs[(b / 2 * 4) + (b % 2) + 2], *(float*)(record + 32));
                Assert.Equal(sum, *(int*)(record + 64));
            }
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    [InlineData(1e-38f)]
    [InlineData(0.25f)]
    public void Prepare_Block256_EveryValueIsTheRoundedQuotient(float odd)
    {
        float[] x = QuantSamples.Activations(256, new Random(6));
        x[200] = odd;
        if (odd == 1e-38f)
        {
            Array.Clear(x);
            x[200] = odd;
        }

        using var row = Prepare(ActivationLayout.Q8Block256, x);
        float inverse = 127f / x.Aggregate(0f, (most, v) => MathF.Max(most, MathF.Abs(v)));
        float[] given = [.. new ReadOnlySpan<sbyte>((void*)row.Address, 256).ToArray().Select(q => (float)q)];
        float[] Rounded(float by) => [.. x.Select(v => float.IsInfinity(by) || float.IsNaN(v * by) ? 0 : MathF.Round(v * by))];
        Assert.Contains(new[] { Rounded(inverse), Rounded(inverse * 0.99f) }, given.SequenceEqual);

        Assert.All(new ReadOnlySpan<byte>((void*)(row.Address + 292), 12).ToArray(), b => Assert.Equal(0, b));
    }

    [Fact]
    public void Prepare_Block256_SumsGroupsOfSixteen()
    {
        float[] x = QuantSamples.Activations(512, new Random(1));
        using var row = Prepare(ActivationLayout.Q8Block256, x);
        for (int b = 0; b < 2; b++)
        {
            sbyte* q = (sbyte*)row.Address + (b * 320);
            short* sums = (short*)(q + 256);
            for (int g = 0; g < 16; g++)
            {
                Assert.Equal(Enumerable.Range(16 * g, 16).Sum(i => q[i]), sums[g]);
                Assert.Equal(Enumerable.Range(32 * (g / 2), 32).Sum(i => q[i]), ((short*)(q + 304))[g / 2]);
            }

            AssertBestOfTwo(x.AsSpan(256 * b, 256), q, *(float*)(q + 288));
        }
    }

    [Theory]
    [InlineData(ActivationLayout.Q8Block32)]
    [InlineData(ActivationLayout.Q8Block256)]
    public void Prepare_ZerosDenormalsAndHugeValues_NeverMinus128(ActivationLayout layout)
    {
        foreach (float value in new[] { 0f, -0f, -1e-45f, -1e-38f, -1e-30f, -3.4e38f, -1f })
        {
            var x = new float[256];
            Array.Fill(x, value);
            using var row = Prepare(layout, x);
            var q = new ReadOnlySpan<sbyte>((void*)row.Address, 256).ToArray();
            Assert.All(q, v => Assert.True(v is 0 or -127));
        }
    }

    [Fact]
    public void Prepare_NotANumber_ReachesTheOutput()
    {
        float[] x = QuantSamples.Activations(256, new Random(2));
        x[17] = float.NaN;
        using var row = Prepare(ActivationLayout.Q8Block256, x);
        Assert.True(float.IsNaN(*(float*)(row.Address + 288)));
    }

    [Fact]
    public void RowBytes_AllLayouts_MultiplesOf64()
    {
        foreach (ActivationLayout layout in Enum.GetValues<ActivationLayout>())
        {
            for (int columns = 256; columns < 4096; columns += 256)
            {
                Assert.Equal(0, MatMul.RowBytes(layout, columns) % 64);
            }
        }
    }

    [Fact]
    public void Prepare_ColumnsNotWholeBlocks_Throws() =>
        Assert.Throws<ArgumentException>(() => MatMul.Prepare(ActivationLayout.Q8Block32, 0, 33, 0));

    /// <summary>Checks a block's integers and scale against the definition; gives the sum of the integers.</summary>
    private static int AssertBestOfTwo(ReadOnlySpan<float> x, sbyte* q, float scale)
    {
        float largest = x.ToArray().Max(MathF.Abs);
        (double Error, double Scale, double[] Integers)[] tries = [Try(x, 127f / largest), Try(x, 127f / largest * 0.99f)];
        double[] given = [.. new ReadOnlySpan<sbyte>(q, x.Length).ToArray().Select(v => (double)v)];
        (double Error, double Scale, double[] Integers) taken = tries.First(t => t.Integers.SequenceEqual(given));
        Assert.InRange(taken.Error, 0, tries.Min(t => t.Error) * 1.0001);
        Assert.Equal(taken.Scale, scale, taken.Scale * 1e-6);
        return (int)given.Sum();
    }

    private static (double Error, double Scale, double[] Integers) Try(ReadOnlySpan<float> x, float inverse)
    {
        double[] y = [.. x.ToArray().Select(v => (double)(v * inverse))], r = [.. y.Select(v => Math.Round(v, MidpointRounding.ToEven))];
        double error = y.Zip(r, (a, b) => (a - b) * (a - b)).Sum() / inverse / inverse;
        return (error, y.Zip(r, (a, b) => a * b).Sum() / r.Sum(b => b * b) / inverse, r);
    }

    private static QuantGuardedMemory Prepare(ActivationLayout layout, float[] x)
    {
        var row = new QuantGuardedMemory(MatMul.RowBytes(layout, x.Length));
        using var source = new QuantGuardedMemory(4L * x.Length);
        x.CopyTo(new Span<float>((void*)source.Address, x.Length));
        MatMul.Prepare(layout, source.Address, x.Length, row.Address);
        return row;
    }
}
