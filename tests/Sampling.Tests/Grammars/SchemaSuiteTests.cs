using Xunit;

namespace LayerStream.Sampling.Tests.Grammars;

public sealed class SchemaSuiteTests(ITestOutputHelper output)
{
    private const double LeastShare = 0.98;

    [Theory]
    [InlineData("draft2020-12", "")]
    [InlineData("draft7", "http://json-schema.org/draft-07/schema#")]
    public void Suite_SupportedSchemas_AreDecidedRightly(string draft, string dialect)
    {
        string? folder = SchemaSuite.Find(draft);
        Assert.SkipWhen(folder is null, $"shared/schemas/{draft} is not beside the repository");

        SchemaSuite suite = SchemaSuite.Run(folder!, dialect);

        int refused = suite.Refused.Values.Sum();
        output.WriteLine($"{suite.Right} right, {suite.Wrong} wrong, {refused} refused by name: "
            + string.Join(", ", suite.Refused.Select(r => $"{r.Key} {r.Value}")));
        suite.Failures.ForEach(output.WriteLine);
        Assert.InRange((double)suite.Right / (suite.Right + suite.Wrong), LeastShare, 1);
        Assert.InRange(suite.Right, (draft == "draft7" ? 900 : 1_200), int.MaxValue);
    }
}
