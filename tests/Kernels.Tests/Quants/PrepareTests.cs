using LayerStream.Formats;
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
        x[0] = 127;
        x[1] = 0.5f;
        x[2] = 1.5f;
        x[3] = -2.5f;
        x[4] = -127;
        using var row = Prepare(ActivationLayout.Q8Block32, x);
        sbyte* q = (sbyte*)row.Address;
        Assert.Equal((127, 0, 2, -2, -127), (q[0], q[1], q[2], q[3], q[4]));
        float* scales = (float*)(row.Address + ((columns + 63) / 64 * 64));
        for (int b = 0; b < columns / 32; b++)
        {
            float largest = x.AsSpan(32 * b, 32).ToArray().Max(MathF.Abs);
            int sum = 0;
            for (int j = 0; j < 32; j++)
            {
                float expected = MathF.Round(x[(32 * b) + j] * (127f / largest));
                Assert.Equal(expected, q[(32 * b) + j]);
                sum += q[(32 * b) + j];
            }

            Assert.Equal(largest / 127f, scales[(b / 2 * 4) + (b % 2)]);
            Assert.Equal(largest / 127f * sum, scales[(b / 2 * 4) + (b % 2) + 2]);
        }
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
        for (int i = 0; i < 256; i++)
        {
            float expected = float.IsInfinity(inverse) ? 0 : MathF.Round(x[i] * inverse);
            Assert.Equal(float.IsNaN(expected) ? 0 : expected, ((sbyte*)row.Address)[i]);
        }

        Assert.All(new ReadOnlySpan<byte>((void*)(row.Address + 292), 28).ToArray(), b => Assert.Equal(0, b));
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
            }

            Assert.Equal(x.AsSpan(256 * b, 256).ToArray().Max(MathF.Abs) / 127f, *(float*)(q + 288));
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

    private static QuantGuardedMemory Prepare(ActivationLayout layout, float[] x)
    {
        var row = new QuantGuardedMemory(MatMul.RowBytes(layout, x.Length));
        using var source = new QuantGuardedMemory(4L * x.Length);
        x.CopyTo(new Span<float>((void*)source.Address, x.Length));
        MatMul.Prepare(layout, source.Address, x.Length, row.Address);
        return row;
    }
}
