using LayerStream.Planning.Batches;

namespace LayerStream.Planning.Tests;

public sealed class PassPaceTests
{
    [Fact]
    public void PromptRows_BeforeAnyPass_AreFew() => Assert.InRange(new PassPace(2).PromptRows, 1, 32);

    [Theory]
    [InlineData(0.1, 0.2, 20)]   // 2 seconds of rows that take a tenth of one each
    [InlineData(0.1, 10, 100)]   // the sweep takes 10 seconds anyway
    [InlineData(50, 0.2, 1)]     // no row fits: the prompt goes on all the same
    public void PromptRows_AfterPasses_FollowWhatTheyTook(double rowSeconds, double sweepSeconds, int expected)
    {
        PassPace pace = new(2);
        pace.Observe(100, 100 * rowSeconds, (100 * rowSeconds) + sweepSeconds);
        pace.Observe(1, rowSeconds, sweepSeconds);
        Assert.InRange(pace.PromptRows, expected - 1, expected);
    }
}
