using LayerStream.Formats;
using LayerStream.Formats.Writing;
using LayerStream.Kernels.Quants;
using Xunit;

namespace LayerStream.Kernels.Tests;

/// <summary>Blocks made at random are valid, and as spread as was asked for.</summary>
public sealed class RandomBlocksTests
{
    private const int Elements = 1 << 18;

    public static TheoryData<TensorType, double> Cases()
    {
        TheoryData<TensorType, double> cases = [];
        foreach (TensorType type in RandomBlocks.Types)
        {
            cases.Add(type, 1 / Math.Sqrt(53248));
            cases.Add(type, 1 / Math.Sqrt(2880));
            cases.Add(type, 1 / 16.0);
            cases.Add(type, 11);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Fill_OfAnyType_GivesFiniteValuesOfTheVarianceAskedFor(TensorType type, double deviation)
    {
        float[] values = Decode(type, Blocks(type, deviation, seed: 5));
        double mean = values.Average(v => (double)v), variance = values.Average(v => (double)v * v) - (mean * mean);
        Assert.All(values.Chunk(4096), part => Assert.DoesNotContain(part, v => !float.IsFinite(v)));
        Assert.InRange(variance / (deviation * deviation), 0.98, 1.02);
        Assert.InRange(mean / deviation, -0.04, 0.04);
        Assert.Equal(0, ScaleCheck.CountNonFinite(type, Blocks(type, deviation, seed: 5)));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Fill_OfASeed_IsReproducibleAndDoesNotCompress(TensorType type, double deviation)
    {
        byte[] blocks = Blocks(type, deviation, seed: 5);
        Assert.Equal(blocks, Blocks(type, deviation, seed: 5));
        Assert.NotEqual(blocks, Blocks(type, deviation, seed: 6));
        using MemoryStream packed = new();
        using (System.IO.Compression.BrotliStream brotli = new(packed, System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true))
        {
            brotli.Write(blocks);
        }

        Assert.True(packed.Length > 0.85 * blocks.Length, $"{packed.Length} of {blocks.Length}");
    }

    [Theory]
    [InlineData(TensorType.Q4_K)]
    [InlineData(TensorType.Q8_0)]
    public void SetLargest_OfABlock_SetsItsFirstValuesOnly(TensorType type)
    {
        byte[] blocks = Blocks(type, 2, seed: 5);
        float[] before = Decode(type, blocks);
        RandomBlocks.SetLargest(type, blocks);
        float[] after = Decode(type, blocks);
        Assert.All(after[..RandomBlocks.LargestRun], v => Assert.InRange(v / (2 * RandomBlocks.Largest(type)), 0.99, 1.01));
        Assert.Equal(before[RandomBlocks.LargestRun..], after[RandomBlocks.LargestRun..]);
    }

    private static byte[] Blocks(TensorType type, double deviation, ulong seed)
    {
        byte[] blocks = new byte[Elements / TensorTypes.Get(type).BlockSize * TensorTypes.Get(type).BlockBytes];
        RandomBlocks.Fill(type, deviation, blocks, seed);
        return blocks;
    }

    private static float[] Decode(TensorType type, byte[] blocks)
    {
        float[] values = new float[Elements];
        Dequantize.Row(type, blocks, values);
        return values;
    }
}
