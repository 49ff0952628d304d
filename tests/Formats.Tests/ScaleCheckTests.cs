using Xunit;

namespace LayerStream.Formats.Tests;

public sealed class ScaleCheckTests
{
    /// <summary>Every type with numbers, and the offset of each.</summary>
    public static TheoryData<TensorType, int> Places() => [.. TensorTypes.All.Where(t => t.Numbers.Bytes > 0)
        .SelectMany(t => new[] { t.Numbers.First, t.Numbers.Second }.Distinct().Select(at => (t.Type, at)))];

    [Theory]
    [MemberData(nameof(Places))]
    public void CountNonFinite_ANumberThatIsNone_CountsItsBlockOnce(TensorType type, int offset)
    {
        TensorTypeInfo info = TensorTypes.Get(type);
        byte[] blocks = new byte[3 * info.BlockBytes], exponent = BitConverter.GetBytes(info.Numbers.Exponent);
        Assert.Equal(0, ScaleCheck.CountNonFinite(type, blocks));
        exponent.AsSpan(0, info.Numbers.Bytes).CopyTo(blocks.AsSpan(info.BlockBytes + offset));
        Assert.Equal(1, ScaleCheck.CountNonFinite(type, blocks));
        exponent[info.Numbers.Bytes - 1] &= 0xBF; // one bit less: a finite number
        exponent.AsSpan(0, info.Numbers.Bytes).CopyTo(blocks.AsSpan(info.BlockBytes + offset));
        Assert.Equal(0, ScaleCheck.CountNonFinite(type, blocks));
    }

    [Fact]
    public void CountNonFinite_BothNumbersOfABlock_CountItOnce()
    {
        byte[] block = new byte[144];
        (block[1], block[3]) = (0x7C, 0xFC);
        Assert.Equal(1, ScaleCheck.CountNonFinite(TensorType.Q4_K, block));
    }

    [Theory]
    [InlineData(float.PositiveInfinity, 1)]
    [InlineData(float.NaN, 1)]
    [InlineData(65504f, 0)]
    [InlineData(-1e-7f, 0)]
    public void CountNonFinite_ScaleInQuarters_IsPutTogether(float scale, long expected)
    {
        byte[] block = new byte[56];
        block.AsSpan().Fill(0x0F); // the lower bits of the words are scales of groups
        ushort bits = BitConverter.HalfToUInt16Bits((Half)scale);
        for (int i = 0; i < 4; i++)
        {
            block[49 + (2 * i)] |= (byte)(((bits >> (4 * i)) & 15) << 4);
        }

        Assert.Equal(expected, ScaleCheck.CountNonFinite(TensorType.IQ1_M, block));
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
