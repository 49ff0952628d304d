using LayerStream.Kernels.Quants;
using LayerStream.Kernels.Quants.Activations;
using Xunit;

namespace LayerStream.Kernels.Tests;

/// <summary>Rows of 16-bit activations against their definition in docs/arithmetic.md, in plain scalar code.</summary>
public sealed unsafe class DigitsTests
{
    [Theory]
    [InlineData(ActivationLayout.Q16Block32, 32)]
    [InlineData(ActivationLayout.Q16Block256, 256)]
    public void Prepare_16Bits_HasTheDefinedDigitsScalesAndSums(ActivationLayout layout, int block)
    {
        ActivationLayout digitLayout = ActivationDigits.DigitLayout(layout);
        foreach (int columns in new[] { 1, 2, 3, 5, 8, 9 }.Select(n => n * block))
        {
            float[] x = Values(columns);
            byte[] row = Prepared(layout, x);
            Assert.Equal(2 * MatMul.RowBytes(digitLayout, columns), row.Length);
            for (int digit = 0; digit < 2; digit++)
            {
                Span<byte> half = row.AsSpan(digit * row.Length / 2, row.Length / 2);
                for (int b = 0; b < columns / block; b++)
                {
                    (int[] q, float d) = Definition(x.AsSpan(b * block, block), digit);
                    AssertBlock(half, digitLayout, columns, b, q, d);
                }
            }
        }
    }

    [Theory]
    [InlineData(ActivationLayout.Q16Block32)]
    [InlineData(ActivationLayout.Q16Block256)]
    public void Prepare_16Bits_IsWithinHalfAStepOfTheValue(ActivationLayout layout)
    {
        float[] x = QuantSamples.Activations(256, new Random(5));
        byte[] row = Prepared(layout, x);
        int block = layout == ActivationLayout.Q16Block32 ? 32 : 256;
        for (int i = 0; i < 256; i++)
        {
            double most = x.AsSpan(i / block * block, block).ToArray().Max(MathF.Abs);
            double scale = most / (127 * 254), high = (sbyte)row[i], low = (sbyte)row[(row.Length / 2) + i];
            Assert.InRange(Math.Abs(x[i] - (scale * ((254 * high) + low))), 0, scale * 0.51);
        }
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(-1e-45f)]
    [InlineData(-1e-38f)]
    [InlineData(-3.4e38f)]
    public void Prepare_16BitsOfOneValue_IsZeroOrTheLargestInteger(float value)
    {
        float[] x = [.. Enumerable.Repeat(value, 256)];
        foreach (ActivationLayout layout in new[] { ActivationLayout.Q16Block32, ActivationLayout.Q16Block256 })
        {
            byte[] row = Prepared(layout, x);
            Assert.All(Enumerable.Range(0, 256), i => Assert.Contains(
                ((sbyte)row[i], (sbyte)row[(row.Length / 2) + i]), new (sbyte, sbyte)[] { (0, 0), (-127, 0) }));
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Prepare_16BitsOfNoNumber_ReachesBothScales(float value)
    {
        float[] x = QuantSamples.Activations(256, new Random(2));
        x[17] = value;
        byte[] row = Prepared(ActivationLayout.Q16Block256, x);
        Assert.True(float.IsNaN(BitConverter.ToSingle(row, 288)));
        Assert.True(float.IsNaN(BitConverter.ToSingle(row, (row.Length / 2) + 288)));
    }

    /// <summary>One digit of every column and its scale.</summary>
    private static (int[] Digits, float Scale) Definition(ReadOnlySpan<float> x, int digit)
    {
        float largest = 0;
        foreach (float v in x)
        {
            largest = MathF.Max(largest, MathF.Abs(v));
        }

        float inverse = (32258f / largest) + (largest * 0), scale = 1 / inverse;
        if (float.IsInfinity(inverse))
        {
            (inverse, scale) = (0, 0);
        }

        int[] digits = new int[x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            float y = x[i] * inverse, high = MathF.Round(y * (1 / 254f));
            float rounded = digit == 0 ? high : MathF.Round(MathF.FusedMultiplyAdd(-254, high, y));
            digits[i] = float.IsNaN(rounded) ? 0 : (int)Math.Clamp(rounded, -127, 127);
        }

        return (digits, digit == 0 ? 254 * scale : scale);
    }

    private static void AssertBlock(Span<byte> row, ActivationLayout layout, int columns, int block, int[] q, float d)
    {
        if (layout == ActivationLayout.Q8Block256)
        {
            byte[] at = row.Slice(320 * block, 320).ToArray();
            Assert.Equal(q, at[..256].Select(v => (int)(sbyte)v));
            Assert.Equal(d, BitConverter.ToSingle(at, 288));
            Assert.Equal(q.Chunk(16).Select(g => g.Sum()), Words(at, 256, 16));
            Assert.Equal(q.Chunk(32).Select(g => g.Sum()), Words(at, 304, 8));
            return;
        }

        Assert.Equal(q, row.Slice(32 * block, 32).ToArray().Select(v => (int)(sbyte)v));
        int pair = ((columns + 63) / 64 * 64) + (block / 2 * 16) + (block % 2 * 4);
        int record = row.Length - ((columns + 255) / 256 * 128) + (block / 8 * 128) + (block % 8 * 4);
        float scaled = d * q.Sum();
        Assert.Equal((d, scaled), (BitConverter.ToSingle(row[pair..]), BitConverter.ToSingle(row[(pair + 8)..])));
        Assert.Equal((d, scaled), (BitConverter.ToSingle(row[record..]), BitConverter.ToSingle(row[(record + 32)..])));
        Assert.Equal(q.Sum(), BitConverter.ToInt32(row[(record + 64)..]));
    }

    private static IEnumerable<int> Words(byte[] bytes, int at, int count) =>
        Enumerable.Range(0, count).Select(i => (int)BitConverter.ToInt16(bytes, at + (2 * i)));

    private static float[] Values(int columns)
    {
        float[] x = QuantSamples.Activations(columns, new Random(columns));
        x[0] = 0.5f;
        x[columns / 2] = columns % 5 == 0 ? float.NaN : -x.Max(MathF.Abs);
        return x;
    }

    private static byte[] Prepared(ActivationLayout layout, float[] x)
    {
        using var row = new QuantGuardedMemory(MatMul.RowBytes(layout, x.Length));
        fixed (float* source = x)
        {
            MatMul.Prepare(layout, (nint)source, x.Length, row.Address);
        }

        return new ReadOnlySpan<byte>((void*)row.Address, (int)MatMul.RowBytes(layout, x.Length)).ToArray();
    }
}
