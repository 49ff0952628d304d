using LayerStream.Planning.Drafts;

namespace LayerStream.Planning.Tests;

public sealed class DraftModelCostTests
{
    [Theory]
    [InlineData(0L, 0, false)]
    [InlineData(1L, 0, true)]
    [InlineData(125L, 100, false)]
    [InlineData(126L, 100, true)]
    [InlineData(null, 100, true)]
    public void Cost_BeyondAQuarterOfAPass_IsTooMuch(long? with, long without, bool isTooMuch) =>
        Assert.Equal(isTooMuch, new DraftModelCost(with, without).IsTooMuch);
}
