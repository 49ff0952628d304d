using LayerStream.Formats;
using LayerStream.Models.Tiles;
using LayerStream.Planning;
using Xunit;

namespace LayerStream.Pipeline.Tests;

public sealed class ResidencyPlannerTests
{
    [Theory]
    [InlineData(0.0)]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(0.93)]
    [InlineData(1.0)]
    public void Choose_AtAnyShare_StaysWithinItAndSpreadsEvenly(double share)
    {
        Tile[] tiles = [.. Enumerable.Range(0, 1000).Select(i =>
            new Tile(i, i / 10, 0, 1, new Extent(0, 32 + (i * 1_000_000L), 1_000_000)))];
        long total = tiles.Sum(t => t.Extent.Window.Length);
        bool[] pinned = ResidencyPlanner.Choose(tiles, (long)(total * share));
        long used = tiles.Where(t => pinned[t.Index]).Sum(t => t.Extent.Window.Length);
        Assert.True(used <= total * share);
        Assert.True(used >= (total * share) - 2_020_000, $"{used} of {total * share}");
        for (int window = 0; window + 100 <= tiles.Length; window += 50)
        {
            int count = Enumerable.Range(window, 100).Count(i => pinned[i]);
            Assert.InRange(count, (share * 100) - 3, (share * 100) + 3);
        }
    }

    [Fact]
    public void Choose_WithMoreRoomThanWeights_PinsEverything()
    {
        Tile[] tiles = [new(0, 0, 0, 1, new Extent(0, 32, 5000)), new(1, 1, 0, 1, new Extent(0, 5056, 100))];
        Assert.All(ResidencyPlanner.Choose(tiles, 1 << 20), Assert.True);
    }
}
