using LayerStream.Models.Spec;
using Xunit;

namespace LayerStream.Models.Tests;

public sealed class KeyWindowTests
{
    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(0, 100_000, 0)] // no window
    [InlineData(1, 5, 5)] // itself only
    [InlineData(16, 0, 0)]
    [InlineData(16, 15, 0)] // the first key is still visible
    [InlineData(16, 16, 1)] // and no longer
    [InlineData(16, 40, 25)]
    [InlineData(1 << 30, int.MaxValue, int.MaxValue - (1 << 30) + 1)]
    public void FirstKey_Sliding_ShowsAsManyKeysAsTheWindowWithTheOwnOne(int keys, int position, int first) =>
        Assert.Equal(first, new KeyWindow(keys).FirstKey(position));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(8191, 0)]
    [InlineData(8192, 8192)]
    [InlineData(16_383, 8192)]
    [InlineData(16_384, 16_384)]
    public void FirstKey_Pieced_IsTheBeginningOfThePiece(int position, int first) =>
        Assert.Equal(first, new KeyWindow(8192, IsPieced: true).FirstKey(position));

    [Theory]
    [InlineData(1, false)]
    [InlineData(16, false)]
    [InlineData(16, true)]
    [InlineData(300, true)]
    public void FirstPosition_OfAKey_IsWhereThoseInFrontOfItAreNoLongerSeen(int keys, bool isPieced)
    {
        KeyWindow window = new(keys, isPieced);
        for (int key = 0; key < 700; key++)
        {
            int first = Enumerable.Range(0, 1200).First(p => window.FirstKey(p) >= key);
            Assert.Equal(first, window.FirstPosition(key));
        }
    }
}
