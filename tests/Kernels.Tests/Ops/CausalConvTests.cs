using LayerStream.Kernels.Ops;
using Xunit;

namespace LayerStream.Kernels.Tests;

public sealed class CausalConvTests
{
    [Theory]
    [InlineData(4, 1)]
    [InlineData(4, 7)]
    [InlineData(4, 64)]
    [InlineData(4, 203)]
    [InlineData(1, 9)]
    [InlineData(2, 65)]
    [InlineData(16, 30)]
    public void Advance_FromTheStart_MatchesDoubleReference(int taps, int channels)
    {
        const int Tokens = 21;
        using GuardedFloats weights = GuardedFloats.Random(1, taps * channels);
        using GuardedFloats raw = GuardedFloats.Random(2, Tokens * channels, 3);
        using var state = new GuardedFloats((taps - 1) * channels);
        using var output = new GuardedFloats(Tokens * channels);
        CausalConv.Advance(new ConvFilter(weights.Address, taps, channels), new IndexRange(0, channels),
            new FloatRows(raw.Address, channels), Tokens, state.Address, new FloatRows(output.Address, channels));
        for (int t = 0; t < Tokens; t++)
        {
            for (int c = 0; c < channels; c++)
            {
                double sum = 0;
                for (int j = 0; j < taps; j++)
                {
                    int source = t - taps + 1 + j;
                    sum += source < 0 ? 0 : (double)weights.Span[(c * taps) + j] * raw.Span[(source * channels) + c];
                }

                Assert.Equal(sum / (1 + Math.Exp(-sum)), output.Span[(t * channels) + c], 4e-6);
            }
        }

        Assert.Equal(raw.Span[((Tokens - taps + 1) * channels)..].ToArray(), state.Span.ToArray());
    }

    [Theory]
    [InlineData(4, 203)]
    [InlineData(2, 64)]
    [InlineData(7, 5)]
    public void Advance_AnySplitInPlace_SameBits(int taps, int channels)
    {
        const int Tokens = 48;
        int stride = channels + 5;
        using GuardedFloats weights = GuardedFloats.Random(1, taps * channels);
        using GuardedFloats raw = GuardedFloats.Random(2, (Tokens * stride) - 5, 3);
        using GuardedFloats state = GuardedFloats.Random(3, (taps - 1) * channels);
        using var whole = new GuardedFloats(state.Span);
        using var expected = new GuardedFloats(raw.Span);
        ConvFilter filter = new(weights.Address, taps, channels);
        CausalConv.Advance(filter, new IndexRange(0, channels), new FloatRows(raw.Address, stride), Tokens, whole.Address,
            new FloatRows(expected.Address, stride));
        foreach (int[] cuts in new int[][] { [48], [17, .. Enumerable.Repeat(1, 31)], [1, 2, 45], [3, 45] })
        {
            using var inPlace = new GuardedFloats(raw.Span);
            using var rolling = new GuardedFloats(state.Span);
            int first = 0;
            foreach (int count in cuts)
            {
                FloatRows rows = new FloatRows(inPlace.Address, stride).FromRow(first);
                int middle = Math.Min(channels, 69); // an odd border between two ranges of channels
                CausalConv.Advance(filter, new IndexRange(middle, channels), rows, count, rolling.Address, rows);
                CausalConv.Advance(filter, new IndexRange(0, middle), rows, count, rolling.Address, rows);
                first += count;
            }

            Assert.Equal(expected.Span.ToArray(), inPlace.Span.ToArray());
            Assert.Equal(whole.Span.ToArray(), rolling.Span.ToArray());
        }
    }

    [Fact]
    public void Advance_TooManyTaps_Throws() => Assert.Throws<ArgumentOutOfRangeException>(() =>
        CausalConv.Advance(new ConvFilter(0, CausalConv.MaxTaps + 1, 1), new IndexRange(0, 1), default, 1, 0, default));
}
