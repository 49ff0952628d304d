using Xunit;

namespace LayerStream.Formats.Tests;

public sealed class ScaleCheckTests
{
    [Theory]
    [InlineData(TensorType.Q4_0, 0)]
    [InlineData(TensorType.Q4_1, 0)]
    [InlineData(TensorType.Q4_1, 2)]
    [InlineData(TensorType.Q5_1, 2)]
    [InlineData(TensorType.Q8_0, 0)]
    [InlineData(TensorType.Q2_K, 80)]
    [InlineData(TensorType.Q2_K, 82)]
    [InlineData(TensorType.Q3_K, 108)]
    [InlineData(TensorType.Q4_K, 2)]
    [InlineData(TensorType.Q6_K, 208)]
    [InlineData(TensorType.IQ4_XS, 0)]
    [InlineData(TensorType.TQ1_0, 52)]
    [InlineData(TensorType.TQ2_0, 64)]
    [InlineData(TensorType.F16, 0)]
    public void CountNonFinite_InfiniteHalfScale_CountsItsBlockOnce(TensorType type, int offset)
    {
        int block = TensorTypes.Get(type).BlockBytes;
        byte[] blocks = new byte[3 * block];
        Assert.Equal(0, ScaleCheck.CountNonFinite(type, blocks));
        blocks[block + offset + 1] = 0xFC; // minus infinity
        blocks[(2 * block) + offset + 1] = 0x7B; // the largest finite half
        Assert.Equal(1, ScaleCheck.CountNonFinite(type, blocks));
    }

    [Fact]
    public void CountNonFinite_OtherBytesOfABlock_AreAllAllowed()
    {
        byte[] block = new byte[210];
        block.AsSpan(0, 208).Fill(0xFF);
        Assert.Equal(0, ScaleCheck.CountNonFinite(TensorType.Q6_K, block));
    }

    [Fact]
    public void CountNonFinite_PlainTypes_CountElements()
    {
        float[] singles = [1, float.NaN, float.MaxValue, float.NegativeInfinity];
        double[] doubles = [double.NaN, 0];
        Assert.Equal(2, ScaleCheck.CountNonFinite(TensorType.F32, System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(singles)));
        Assert.Equal(1, ScaleCheck.CountNonFinite(TensorType.F64, System.Runtime.InteropServices.MemoryMarshal.AsBytes<double>(doubles)));
        Assert.Equal(1, ScaleCheck.CountNonFinite(TensorType.BF16, [0x80, 0x7F, 0x7F, 0x7F]));
        Assert.Equal(1, ScaleCheck.CountNonFinite(TensorType.MXFP4, [255, .. new byte[16], 254, .. new byte[16]]));
        Assert.Equal(0, ScaleCheck.CountNonFinite(TensorType.I32, [255, 255, 255, 255]));
    }
}
