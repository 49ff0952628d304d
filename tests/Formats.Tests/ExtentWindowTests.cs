using Xunit;

namespace LayerStream.Formats.Tests;

public sealed class ExtentWindowTests
{
    [Theory]
    [InlineData(0, 4096, 0, 4096, 0)]
    [InlineData(1, 4095, 0, 4096, 1)]
    [InlineData(1, 4096, 0, 8192, 1)]
    [InlineData(4096, 1, 4096, 4096, 0)]
    [InlineData(8191, 2, 4096, 8192, 4095)]
    [InlineData(5_000_000_032, 0, 4_999_999_488, 0, 544)]
    [InlineData(96, 3L << 30, 0, (3L << 30) + 4096, 96)]
    public void Window_AnyRange_RoundsOut(long offset, long length, long windowOffset, long windowLength, int payload) =>
        Assert.Equal(new ExtentWindow(windowOffset, windowLength, payload), new Extent(0, offset, length).Window);

    [Fact]
    public void Window_RandomRanges_EnclosesThePayloadTightly()
    {
        Random random = new(3);
        for (int i = 0; i < 10_000; i++)
        {
            Extent extent = new(0, random.NextInt64(1L << 40), random.Next(1, 1 << 24));
            ExtentWindow window = extent.Window;
            Assert.Equal(0, window.Offset % 4096);
            Assert.Equal(0, window.Length % 4096);
            Assert.Equal(extent.Offset, window.Offset + window.PayloadOffset);
            Assert.InRange(window.PayloadOffset, 0, 4095);
            Assert.True(extent.End <= window.End);
            Assert.True(window.End - extent.End < 4096);
            Assert.True(window.Length <= ExtentWindow.MostBytes(extent.Length));
        }
    }

    [Theory]
    [InlineData(long.MaxValue, 1)]
    [InlineData(1, long.MaxValue)]
    public void Window_BehindWhatAFileHolds_Throws(long offset, long length) =>
        Assert.Throws<OverflowException>(() => new Extent(0, offset, length).Window);
}
