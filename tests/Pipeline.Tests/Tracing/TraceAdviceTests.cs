using LayerStream.Actors.Tracing;
using Xunit;

namespace LayerStream.Pipeline.Tests.Tracing;

public sealed class TraceAdviceTests
{
    [Theory]
    [InlineData(0, 0, 0, 300, 4, "keep the settings")]
    [InlineData(200, 0, 0, 500, 4, "raise --prefetch-depth to 8")]
    [InlineData(200, 0, 0, 990, 4, "raise --memory-budget")] // the disk is never idle
    [InlineData(200, 0, 0, 500, 64, "raise --memory-budget")]
    [InlineData(20, 300, 0, 600, 4, "raise --memory-budget, keep the rest: experts")]
    [InlineData(0, 0, 500, 300, 4, "raise --memory-budget: slots")]
    public void From_Waits_NamesTheOptionThatEndsThem(double late, double demand, double evict, double load, int depth, string advice)
    {
        Dictionary<string, double> stalls = new() { ["disk_prefetch_late"] = late, ["disk_demand"] = demand, ["budget_evict"] = evict };
        PassFigures total = new()
        {
            Pass = -1,
            Kind = "total",
            Tokens = 1,
            WallMs = 1000,
            ComputeMs = 1000 - late - demand - evict,
            SampleMs = 0,
            StallMs = stalls,
            UnattributedMs = 0,
            LoadMs = load,
            LoadedBytes = 1,
            DeviceShare = null,
            BoundBy = "disk",
            TopStallTile = null,
            TopStallReason = null,
        };
        Assert.StartsWith(advice, TraceAdvice.From(total, depth), StringComparison.Ordinal);
    }
}
