using Xunit;

namespace LayerStream.Storage.Tests;

public sealed class AlignedWindowTests
{
    [Theory]
    [InlineData(0, 4096, 0, 4096, 0)]
    [InlineData(1, 4095, 0, 4096, 1)]
    [InlineData(1, 4096, 0, 8192, 1)]
    [InlineData(4096, 1, 4096, 4096, 0)]
    [InlineData(8191, 2, 4096, 8192, 4095)]
    [InlineData(5_000_000_032, 0, 4_999_999_488, 0, 544)]
    public void Around_AnyRange_RoundsOut(long offset, long length, long windowOffset, int windowLength, int payload) =>
        Assert.Equal(new AlignedWindow(windowOffset, windowLength, payload), AlignedWindow.Around(offset, length, 4096));

    [Fact]
    public void Around_RandomRanges_EncloseThePayload()
    {
        Random random = new(3);
        for (int i = 0; i < 10_000; i++)
        {
            long offset = random.NextInt64(1L << 40);
            long length = random.Next(1, 1 << 24);
            AlignedWindow window = AlignedWindow.Around(offset, length, 4096);
            Assert.Equal(0, window.Offset % 4096);
            Assert.Equal(0, window.Length % 4096);
            Assert.Equal(offset, window.Offset + window.PayloadOffset);
            Assert.InRange(window.PayloadOffset, 0, 4095);
            Assert.True(window.PayloadOffset + length <= window.Length);
            Assert.True(window.Length - window.PayloadOffset - length < 4096);
        }
    }

    [Theory]
    [InlineData(-1, 1, 4096)]
    [InlineData(0, -1, 4096)]
    [InlineData(0, 1, 0)]
    [InlineData(0, 1, 4095)]
    [InlineData(0, int.MaxValue, 4096)]
    [InlineData(0, long.MaxValue, 4096)]
    [InlineData(long.MaxValue, 1, 4096)]
    public void Around_Impossible_Throws(long offset, long length, int alignment) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => AlignedWindow.Around(offset, length, alignment));
}
