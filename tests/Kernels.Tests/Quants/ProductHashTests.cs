using System.Runtime.InteropServices;
using System.Security.Cryptography;
using LayerStream.Formats;
using LayerStream.Kernels.Quants;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Types;
using Xunit;

namespace LayerStream.Kernels.Tests;

/// <summary>Prepared activations and products have stored bits: the same on every machine and at every level, whatever this process has.</summary>
public sealed unsafe class ProductHashTests
{
    private const int Rows = 19, Tokens = 6;

    /// <summary>The first eight bytes of the SHA-256 of everything <see cref="Hash"/> computes.</summary>
    private static readonly Dictionary<TensorType, string> s_hashes = new()
    {
//HASHES
    };

    public static TheoryData<TensorType> Types() => new(QuantTypes.All.Select(row => row.Type));

    [Theory]
    [MemberData(nameof(Types))]
    public void Multiply_OfAType_HasTheStoredBits(TensorType type) => Assert.Equal(s_hashes[type], Hash(type));

    [Fact]
    public void Table_OfTypes_HasOneRowPerTypeThatFilesMayHoldAndOneHashEach()
    {
        // Integers are no weights; Q8_1 and Q8_K are formats of activations.
        TensorType[] others = [TensorType.I8, TensorType.I16, TensorType.I32, TensorType.I64, TensorType.Q8_1, TensorType.Q8_K];
        Assert.Equal(Enum.GetValues<TensorType>().Except(others).Order(), QuantTypes.All.Select(row => row.Type).Order());
        Assert.Equal(QuantTypes.All.Select(row => row.Type).Order(), s_hashes.Keys.Order());
        Assert.All(QuantTypes.All, row => Assert.Equal(
            (TensorTypes.Get(row.Type).BlockSize, TensorTypes.Get(row.Type).BlockBytes), (row.BlockElements, row.BlockBytes)));
    }

    /// <summary>Prepared rows and products in both modes, of one token and of several, of rows that end with and within eight blocks.</summary>
    private static string Hash(TensorType type)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        int block = QuantTypes.Find(type)!.BlockElements;
        foreach (int columns in new[] { 9 * 256, Math.Max(block, 32) * 9 })
        {
            var random = new Random(columns + (int)type);
            byte[] weights = QuantSamples.Weights(type, Rows * columns, random);
            float[] x = QuantSamples.Activations(Tokens * columns, random);
            foreach (ActivationMode mode in Enum.GetValues<ActivationMode>())
            {
                ActivationLayout layout = MatMul.LayoutFor(type, mode);
                long stride = MatMul.RowBytes(layout, columns);
                var prepared = new byte[stride * Tokens];
                var y = new float[Rows * (Tokens + 1)];
                fixed (float* source = x, output = y)
                fixed (byte* w = weights, a = prepared)
                {
                    for (int t = 0; t < Tokens; t++)
                    {
                        MatMul.Prepare(layout, (nint)(source + (t * columns)), columns, (nint)(a + (t * stride)));
                    }

                    MatMul.Multiply(type, (nint)w, columns, 0, Rows, layout, (nint)a, stride, Tokens, (nint)output, Rows);
                    MatMul.Multiply(type, (nint)w, columns, 0, Rows, layout, (nint)a, stride, 1, (nint)(output + (Tokens * Rows)), Rows);
                }

                sha.AppendData(prepared);
                sha.AppendData(MemoryMarshal.AsBytes<float>(y));
            }
        }

        return Convert.ToHexString(sha.GetHashAndReset().AsSpan(0, 8));
    }
}
