using Xunit;

namespace LayerStream.Planning.Tests;

public sealed class SpeedModelTests
{
    [Fact]
    public void SecondsPerToken_AllResident_IsCompute() =>
        Assert.Equal(3, new SpeedModel(20, 0, 10, 0).SecondsPerToken(1, 10), 12);

    [Fact]
    public void SecondsPerToken_DenseStream_IsTheLargerOfReadAndCompute()
    {
        Assert.Equal(5, new SpeedModel(40, 5, 0, 0).SecondsPerToken(1, 10), 12);
        Assert.Equal(4, new SpeedModel(40, 3, 0, 0).SecondsPerToken(1, 10), 12);
    }

    [Fact]
    public void SecondsPerToken_MissedExperts_AddToDenseCompute() =>
        Assert.Equal(2 + 7, new SpeedModel(20, 0, 10, 7).SecondsPerToken(1, 10), 12);

    [Fact]
    public void SecondsPerToken_DenseStreamBesideMisses_IsNeverBelowTheDevice() =>
        Assert.Equal(9 + 7, new SpeedModel(20, 9, 10, 7).SecondsPerToken(1, 10), 12);
}
