using Xunit;

namespace LayerStream.Formats.Tests;

public sealed class TensorTypesTests
{
    [Fact]
    public void Table_EveryMember_HasExactlyOneRow()
    {
        Assert.Equal(Enum.GetValues<TensorType>(), TensorTypes.All.Select(t => t.Type));
        Assert.All(TensorTypes.All, t => Assert.Equal(t.Type.ToString(), t.Name));
        Assert.All(TensorTypes.All, t => Assert.Same(t, TensorTypes.Get(t.Type)));
    }

    [Theory]
    [InlineData(TensorType.F16, 16)]
    [InlineData(TensorType.Q4_0, 4.5)]
    [InlineData(TensorType.Q8_1, 9)]
    [InlineData(TensorType.Q2_K, 2.625)]
    [InlineData(TensorType.Q3_K, 3.4375)]
    [InlineData(TensorType.Q4_K, 4.5)]
    [InlineData(TensorType.Q5_K, 5.5)]
    [InlineData(TensorType.Q6_K, 6.5625)]
    [InlineData(TensorType.Q8_K, 9.125)]
    [InlineData(TensorType.IQ2_XXS, 2.0625)]
    [InlineData(TensorType.IQ2_XS, 2.3125)]
    [InlineData(TensorType.IQ2_S, 2.5625)]
    [InlineData(TensorType.IQ3_XXS, 3.0625)]
    [InlineData(TensorType.IQ3_S, 3.4375)]
    [InlineData(TensorType.IQ1_S, 1.5625)]
    [InlineData(TensorType.IQ1_M, 1.75)]
    [InlineData(TensorType.IQ4_NL, 4.5)]
    [InlineData(TensorType.IQ4_XS, 4.25)]
    [InlineData(TensorType.TQ1_0, 1.6875)]
    [InlineData(TensorType.TQ2_0, 2.0625)]
    [InlineData(TensorType.MXFP4, 4.25)]
    [InlineData(TensorType.NVFP4, 4.5)]
    [InlineData(TensorType.Q1_0, 1.125)]
    [InlineData(TensorType.Q2_0, 2.25)]
    public void Row_BlockLayout_GivesPublishedBitsPerWeight(TensorType type, double bits)
        => Assert.Equal(bits, TensorTypes.Get(type).BlockBytes * 8.0 / TensorTypes.Get(type).BlockSize);

    [Theory]
    [InlineData(-1)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(31)]
    [InlineData(33)]
    [InlineData(36)]
    [InlineData(38)]
    [InlineData(43)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public void TryGet_RemovedOrUnknownId_IsFalse(int id) => Assert.False(TensorTypes.TryGet(id, out _));

    [Fact]
    public void Get_NoMember_Throws() => Assert.Throws<ArgumentOutOfRangeException>(() => TensorTypes.Get((TensorType)4));
}
