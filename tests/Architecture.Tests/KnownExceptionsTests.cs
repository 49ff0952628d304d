namespace LayerStream.Architecture.Tests;

public sealed class KnownExceptionsTests(ITestOutputHelper output)
{
    [Fact]
    public void List_Printed_HasReasons()
    {
        output.WriteLine($"{KnownExceptions.All.Count} exceptions from {HouseRule.All.Count} house rules");
        foreach ((HouseRule rule, string subject, string reason) in KnownExceptions.All)
        {
            output.WriteLine($"{rule.Name}: {subject}: {reason}");
            Assert.NotEmpty(reason);
        }

        Assert.Equal(KnownExceptions.All.Count, KnownExceptions.All.DistinctBy(e => (e.Rule, e.Subject)).Count());
    }
}
