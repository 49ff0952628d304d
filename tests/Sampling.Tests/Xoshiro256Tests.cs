using Xunit;

namespace LayerStream.Sampling.Tests;

public sealed class Xoshiro256Tests
{
    [Fact]
    public void SplitMix64_ReferenceSeed_GivesReferenceSequence()
    {
        ulong state = 1234567;
        Assert.Equal(6457827717110365317UL, Xoshiro256.SplitMix64(ref state));
        Assert.Equal(3203168211198807973UL, Xoshiro256.SplitMix64(ref state));
        Assert.Equal(9817491932198370423UL, Xoshiro256.SplitMix64(ref state));
    }

    [Fact]
    public void NextUInt64_ReferenceState_GivesReferenceSequence()
    {
        Xoshiro256 random = new(1, 2, 3, 4);
        Assert.Equal(11520UL, random.NextUInt64());
        Assert.Equal(0UL, random.NextUInt64());
        Assert.Equal(1509978240UL, random.NextUInt64());
        Assert.Equal(1215971899390074240UL, random.NextUInt64());
    }

    [Fact]
    public void NextDouble_ManyDraws_StayInRange()
    {
        Xoshiro256 random = new(0);
        double sum = 0;
        for (int i = 0; i < 10_000; i++)
        {
            double value = random.NextDouble();
            Assert.InRange(value, 0, 1 - 1e-16);
            sum += value;
        }
        Assert.Equal(0.5, sum / 10_000, 0.02);
    }
}
