using LayerStream.Formats;
using LayerStream.Kernels.Ops;
using LayerStream.Kernels.Quants;
using LayerStream.Kernels.Quants.Activations;
using Xunit;

namespace LayerStream.Kernels.Tests;

public sealed unsafe class HeadMatMulTests
{
    [Theory]
    [InlineData(TensorType.F32, 4, 1, ActivationMode.F32, 24, 13)]
    [InlineData(TensorType.BF16, 2, 1, ActivationMode.F32, 40, 9)]
    [InlineData(TensorType.Q8_0, 34, 32, ActivationMode.F32, 192, 20)]
    [InlineData(TensorType.Q8_0, 34, 32, ActivationMode.Int8, 128, 20)]
    [InlineData(TensorType.Q4_0, 18, 32, ActivationMode.Int8, 96, 17)]
    [InlineData(TensorType.Q4_K, 144, 256, ActivationMode.Int8, 512, 8)]
    public void Multiply_BatchesAndAnyRowSplit_EqualOneProductPerHead(
        TensorType type, int blockBytes, int blockElements, ActivationMode mode, int columns, int rows)
    {
        const int Heads = 3, Tokens = 5, Extra = 4; // room behind each head's outputs
        int rowBytes = columns / blockElements * blockBytes;
        using QuantGuardedMemory weights = Weights(Heads * rows * rowBytes, type, blockBytes);
        using GuardedFloats x = GuardedFloats.Random(3, Tokens * Heads * (columns + 2));
        ActivationLayout layout = MatMul.LayoutFor(type, mode);
        using var memory = new QuantGuardedMemory(MatMul.RowBytes(layout, columns) * Heads * Tokens);
        PreparedRows prepared = HeadMatMul.Room(layout, columns, Tokens, memory.Address);
        HeadRows source = new(x.Address, Heads * (columns + 2), columns + 2);
        HeadMatMul.Prepare(source, columns, new IndexRange(1, Heads), prepared);
        HeadMatMul.Prepare(source, columns, new IndexRange(0, 1), prepared);

        using var y = new GuardedFloats(Tokens * Heads * (rows + Extra));
        y.Span.Fill(-7);
        for (int row = 0; row < Heads * rows; row += 11)
        {
            HeadMatMul.Multiply(new WeightRows(type, weights.Address, columns), rows, new IndexRange(row, Math.Min(Heads * rows, row + 11)),
                prepared, new HeadRows(y.Address, Heads * (rows + Extra), rows + Extra));
        }

        using var one = new GuardedFloats(rows);
        using var activation = new QuantGuardedMemory(MatMul.RowBytes(layout, columns));
        for (int t = 0; t < Tokens; t++)
        {
            for (int h = 0; h < Heads; h++)
            {
                MatMul.Prepare(layout, source.At(t, h), columns, activation.Address);
                WeightRows slab = new(type, weights.Address + (h * rows * rowBytes), columns);
                MatMul.Multiply(slab, new IndexRange(0, rows), new PreparedRows(layout, activation.Address, 0, 1),
                    new FloatRows(one.Address, rows));
                Span<float> actual = y.Span.Slice(((t * Heads) + h) * (rows + Extra), rows + Extra);
                Assert.Equal(one.Span.ToArray(), actual[..rows].ToArray());
                Assert.All(actual[rows..].ToArray(), v => Assert.Equal(-7f, v));
            }
        }

        AssertNearDecoded(type, weights.Address, rowBytes, columns, x.Span[..columns], y.Span[0], mode);
    }

    private static void AssertNearDecoded(TensorType type, nint weights, int rowBytes, int columns, Span<float> x, float actual,
        ActivationMode mode)
    {
        var row = new float[columns];
        Dequantize.Row(type, new ReadOnlySpan<byte>((void*)weights, rowBytes), row);
        double sum = 0, magnitude = 0;
        for (int i = 0; i < columns; i++)
        {
            sum += (double)row[i] * x[i];
            magnitude += Math.Abs((double)row[i] * x[i]);
        }

        Assert.Equal(sum, actual, magnitude * (mode == ActivationMode.F32 ? 1e-6 : 1e-2));
    }

    /// <summary>Random codes under plain scales.</summary>
    private static QuantGuardedMemory Weights(int bytes, TensorType type, int blockBytes)
    {
        var memory = new QuantGuardedMemory(bytes);
        var span = new Span<byte>((void*)memory.Address, bytes);
        var random = new Random(5);
        random.NextBytes(span);
        for (int i = 0; i < bytes; i += blockBytes)
        {
            if (type == TensorType.F32)
            {
                *(float*)(memory.Address + i) = (random.NextSingle() * 2) - 1;
            }
            else if (type == TensorType.BF16)
            {
                *(ushort*)(memory.Address + i) = (ushort)(BitConverter.SingleToUInt32Bits((random.NextSingle() * 2) - 1) >> 16);
            }
            else
            {
                *(Half*)(memory.Address + i) = (Half)0.01f;
                if (type == TensorType.Q4_K)
                {
                    *(Half*)(memory.Address + i + 2) = (Half)0.02f;
                }
            }
        }

        return memory;
    }
}
