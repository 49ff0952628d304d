using System.Runtime.InteropServices;
using LayerStream.Formats;
using LayerStream.Kernels.Quants;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Types;
using Xunit;

namespace LayerStream.Kernels.Tests;

public sealed class DequantizeTests
{
    public static TheoryData<TensorType> Types() => new(QuantTypes.All.Select(row => row.Type).Where(GoldenQuants.Has));

    [Theory]
    [MemberData(nameof(Types))]
    public void Row_GoldenBlocks_BitExact(TensorType type)
    {
        byte[] blocks = GoldenQuants.Blocks(type);
        var actual = new float[GoldenQuants.Rows * GoldenQuants.Columns];
        Dequantize.Row(type, blocks, actual);
        Assert.Equal(MemoryMarshal.Cast<float, int>(GoldenQuants.Decoded(type)).ToArray(),
            MemoryMarshal.Cast<float, int>(actual.AsSpan()).ToArray());
    }

    [Fact]
    public void Golden_DataInRepository_IsFound() => Assert.True(Types().Count >= 7);

    [Fact]
    public void Row_ShortSource_Throws() =>
        Assert.Throws<ArgumentException>(() => Dequantize.Row(TensorType.Q4_0, new byte[17], new float[32]));

    [Fact]
    public void Row_UnknownType_Throws()
    {
        Assert.False(Dequantize.Supports(TensorType.Q8_1));
        Assert.Throws<NotSupportedException>(() => Dequantize.Row(TensorType.Q8_1, new byte[36], new float[32]));
    }

    [Fact]
    public void Float16_AllBitPatterns_WidenExactly()
    {
        for (int bits = 0; bits <= ushort.MaxValue; bits++)
        {
            float expected = (float)BitConverter.UInt16BitsToHalf((ushort)bits);
            float[] actual =
            [
                Float16.ToSingle((ushort)bits),
                Float16.ToSingle(System.Runtime.Intrinsics.Vector128.Create((uint)bits))[1],
                Float16.ToSingle(System.Runtime.Intrinsics.Vector256.Create((uint)bits))[5],
                Float16.ToSingle(System.Runtime.Intrinsics.Vector512.Create((uint)bits))[9],
            ];
            foreach (float value in actual)
            {
                Assert.True(float.IsNaN(expected) ? float.IsNaN(value)
                    : BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(value), $"half 0x{bits:X4}");
            }
        }
    }
}
