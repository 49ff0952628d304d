using LayerStream.Memory;
using LayerStream.Session;

namespace LayerStream.Host.Tests.Session;

public sealed class PeakMemoryTests
{
    [Fact]
    public void Excess_PeakAboveTheBudget_IsSaidWithBothFigures()
    {
        WarningNotice? notice = PeakMemory.Excess(1 << 20);
        Assert.Contains(ByteSize.Format(1 << 20), notice?.Text, StringComparison.Ordinal);
        Assert.Contains("Peak memory", notice?.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Excess_PeakWithinTheBudget_IsNothing() => Assert.Null(PeakMemory.Excess(1L << 50));
}
