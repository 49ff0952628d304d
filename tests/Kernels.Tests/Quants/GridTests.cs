using System.Numerics;
using System.Security.Cryptography;
using LayerStream.Formats;
using LayerStream.Kernels.Quants;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Loops;
using LayerStream.Kernels.Quants.Types;
using Xunit;

namespace LayerStream.Kernels.Tests;

public sealed unsafe class GridTests
{
    public static TheoryData<TensorType> Types() =>
        [TensorType.IQ1_S, TensorType.IQ1_M, TensorType.IQ2_XXS, TensorType.IQ2_XS, TensorType.IQ2_S, TensorType.IQ3_XXS, TensorType.IQ3_S];

    /// <summary>SHA-256 of the reference grids, one signed byte per element.</summary>
    [Theory]
    [InlineData(Grids.IQ2_XXS, 256, 8, Grids.WideBias, "05826b5d3e472a3a78f196be62ac78acf81df0f909626e12ab9fa2a5d490dd54")]
    [InlineData(Grids.IQ2_XS, 512, 8, Grids.WideBias, "06e47aaca60b4dc1d9b5a3f34540437058a6b142b4d7a59d5ded769b4d1bf1de")]
    [InlineData(Grids.IQ2_S, 1024, 8, Grids.WideBias, "e1aa1473412b0552c2174c30ef22ab4073f6a181b85a17056e8249bd2932fd88")]
    [InlineData(Grids.IQ3_XXS, 256, 4, Grids.WideBias, "46e35f5a997efdee6c99ce57854c8a0d4f0ff8ca57e5e8a60c0793ea580acf5d")]
    [InlineData(Grids.IQ3_S, 512, 4, Grids.NarrowBias, "bd1af4945a1717c65610b0284e4628b9a1ba3b306fae3a06f6e5f597356e349f")]
    [InlineData(Grids.IQ1, 2048, 8, Grids.NarrowBias, "07540ffc1aeaf6ad4d97e96b0fcc765aae39671d4ae4a27bbd0e796fde167c6a")]
    public void Bytes_WholeGrid_IsTheReferenceGrid(int first, int entries, int values, int bias, string hash)
    {
        var grid = new byte[entries * values];
        for (int i = 0; i < grid.Length; i++)
        {
            int value = (int)((Grids.Bytes[first + (i / values)] >> (8 * (i % values))) & 255) - bias;
            grid[i] = (byte)(first == Grids.IQ1 ? (value - 1) / 8 : value);
        }

        Assert.Equal(hash, Convert.ToHexStringLower(SHA256.HashData(grid)));
    }

    [Fact]
    public void EvenSigns_EverySevenBits_EvenNumberOfBits()
    {
        for (uint bits = 0; bits < 128; bits++)
        {
            uint expected = bits | ((uint)(BitOperations.PopCount(bits) & 1) << 7);
            Assert.Equal(expected, GridBlock.EvenSigns(bits));
            uint other = 127 - bits;
            uint four = GridBlock.FourEvenSigns(bits | (other << 7) | (other << 14) | (bits << 21) | 0xF0000000);
            Assert.Equal((expected, expected), (four & 255, four >> 24));
            Assert.Equal((GridBlock.EvenSigns(other), GridBlock.EvenSigns(other)), ((byte)(four >> 8), (byte)(four >> 16)));
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Unpack512_RandomBlocks_EqualsPlainUnpack(TensorType type)
    {
        if (!Isa.Avx512)
        {
            Assert.Skip("no AVX-512");
        }

        switch (type)
        {
            case TensorType.IQ1_S: Compare<IQ1_S>(type); break;
            case TensorType.IQ1_M: Compare<IQ1_M>(type); break;
            case TensorType.IQ2_XXS: Compare<IQ2_XXS>(type); break;
            case TensorType.IQ2_XS: Compare<IQ2_XS>(type); break;
            case TensorType.IQ2_S: Compare<IQ2_S>(type); break;
            case TensorType.IQ3_XXS: Compare<IQ3_XXS>(type); break;
            default: Compare<IQ3_S>(type); break;
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Multiply_SeveralPanelsOfRowsTokensAndBlocks_IsTheProductAndBitEqualToSingles(TensorType type)
    {
        const int Columns = 256 * 19;
        const int Rows = 7;
        const int Tokens = 71;
        var random = new Random(5);
        byte[] weights = QuantSamples.Weights(type, Rows * Columns, random);
        float[] decoded = new float[Rows * Columns];
        Dequantize.Row(type, weights, decoded);
        float[] x = QuantSamples.Activations(Tokens * Columns, random);
        long stride = MatMul.RowBytes(ActivationLayout.Q8Block256, Columns);
        using var activations = new QuantGuardedMemory(stride * Tokens);
        fixed (float* source = x)
        {
            for (int t = 0; t < Tokens; t++)
            {
                MatMul.Prepare(ActivationLayout.Q8Block256, (nint)(source + (t * Columns)), Columns,
                    activations.Address + (nint)(t * stride));
            }
        }

        var a = (byte*)activations.Address;
        var all = new float[Rows * Tokens];
        var single = new float[1];
        fixed (byte* w = weights)
        fixed (float* y = all, one = single)
        {
            foreach (IsaLevel level in Isa.Levels)
            {
                MatMulLoop loop = QuantTypes.Find(type)!.Loop(ActivationLayout.Q8Block256, level)!;
                loop.Multiply(w, Columns, 0, Rows, a, stride, Tokens, y, Rows);
                for (int i = 0; i < all.Length; i++)
                {
                    (int t, int r) = Math.DivRem(i, Rows);
                    loop.Multiply(w, Columns, r, r + 1, a + (t * stride), stride, 1, one - r, 1);
                    Assert.Equal(BitConverter.SingleToInt32Bits(all[i]), BitConverter.SingleToInt32Bits(single[0]));
                    (double product, double magnitude) = Product(decoded.AsSpan(r * Columns, Columns), a + (t * stride));
                    Assert.InRange(all[i] - product, -1e-6 * magnitude, 1e-6 * magnitude);
                }
            }
        }
    }

    /// <summary>Σ w·x and Σ |w·x| of decoded weights and prepared activations.</summary>
    private static (double Product, double Magnitude) Product(ReadOnlySpan<float> w, byte* x)
    {
        double product = 0;
        double magnitude = 0;
        for (int i = 0; i < w.Length; i++)
        {
            byte* block = x + (i / 256 * 320);
            double term = (double)w[i] * ((sbyte*)block)[i % 256] * *(float*)(block + 288);
            product += term;
            magnitude += Math.Abs(term);
        }

        return (product, magnitude);
    }

    private static void Compare<TType>(TensorType type)
        where TType : IGridType
    {
        // One block at a time ends at a guarded page; together the blocks meet every entry of every grid.
        const int Blocks = 600;
        byte[] bytes = QuantSamples.Weights(type, 256 * Blocks, new Random(11));
        using var source = new QuantGuardedMemory(TType.BlockBytes);
        for (int b = 0; b < Blocks; b++)
        {
            bytes.AsSpan(b * TType.BlockBytes, TType.BlockBytes).CopyTo(new Span<byte>((void*)source.Address, TType.BlockBytes));
            GridBlock plain = default;
            GridBlock wide = default;
            TType.Unpack((byte*)source.Address, &plain);
            if (TType.HasSigns)
            {
                GridBlock.ApplySigns(&plain, 1 << TType.BiasShift);
            }

            TType.Unpack512((byte*)source.Address, &wide);
            new Span<byte>(plain.Signs, 32).Clear();
            Assert.True(new Span<byte>(&plain, sizeof(GridBlock)).SequenceEqual(new Span<byte>(&wide, sizeof(GridBlock))), $"block {b}");
        }
    }
}
