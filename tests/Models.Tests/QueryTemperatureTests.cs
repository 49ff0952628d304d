using LayerStream.Models.Spec;
using Xunit;

namespace LayerStream.Models.Tests;

public sealed class QueryTemperatureTests
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(15, 1)]
    [InlineData(16, 1.34657359)] // 1 + 0.5 ln 2
    [InlineData(63, 1.69314718)] // 1 + 0.5 ln 4
    public void At_FromTheOriginalContextOn_GrowsByItsMultiples(int position, double expected) =>
        Assert.Equal(expected, new QueryTemperature(0.5, 16).At(position), 6);

    [Theory]
    [InlineData(8190, 1)]
    [InlineData(8191, 1.06931472)] // 1 + 0.1 ln 2
    [InlineData(16_383, 1.10986123)] // 1 + 0.1 ln 3
    public void At_WithOffset_CountsPositionsFromOne(int position, double expected) =>
        Assert.Equal(expected, new QueryTemperature(0.1, 8192, 1).At(position), 6);

    [Fact]
    public void At_LargestPosition_DoesNotOverflow() =>
        Assert.Equal(1 + (0.1 * Math.Log(1 + 2147483648.0)), new QueryTemperature(0.1, 1, 1).At(int.MaxValue), 5);
}
