using System.Runtime.InteropServices;
using LayerStream.Formats;
using LayerStream.Kernels.Quants;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Loops;
using LayerStream.Kernels.Quants.Types;
using Xunit;

namespace LayerStream.Kernels.Tests;

public sealed unsafe class MatMulTests
{
    public static TheoryData<TensorType> Types() => new(QuantTypes.All.Select(row => row.Type));

    public static TheoryData<TensorType> GoldenTypes() => new(QuantTypes.All.Select(row => row.Type).Where(GoldenQuants.Has));

    [Theory]
    [MemberData(nameof(GoldenTypes))]
    public void Multiply_GoldenRows_MatchesReferenceDots(TensorType type)
    {
        byte[] weights = GoldenQuants.Blocks(type);
        float[] decoded = GoldenQuants.Decoded(type);
        float[] x = GoldenQuants.Activations();
        double[] expected = GoldenQuants.Dots(type);
        foreach (ActivationMode mode in Enum.GetValues<ActivationMode>())
        {
            ActivationLayout layout = MatMul.LayoutFor(type, mode);
            double tolerance = layout == ActivationLayout.F32 ? 1e-5 : 1e-2;
            foreach (IsaLevel level in Isa.Levels)
            {
                float[] y = Run(MatMulLoopOf(type, layout, level), weights, layout, x, GoldenQuants.Columns, GoldenQuants.Rows, 1);
                for (int r = 0; r < GoldenQuants.Rows; r++)
                {
                    double magnitude = Enumerable.Range(0, GoldenQuants.Columns).Sum(i => Math.Abs((double)decoded[(r * GoldenQuants.Columns) + i] * x[i]));
                    Assert.InRange(Math.Abs(y[r] - expected[r]), 0, tolerance * magnitude);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Loop_EveryLevelAndLength_MatchesScalarTwin(TensorType type)
    {
        QuantType row = QuantTypes.Find(type)!;
        IEnumerable<int> blocks = row.BlockElements == 1 ? Enumerable.Range(1, 140).Concat([255, 256, 257, 300]) : [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33];
        foreach (int columns in blocks.Select(n => n * row.BlockElements))
        {
            var random = new Random(columns);
            const int Rows = 3;
            const int Tokens = 5;
            byte[] weights = QuantSamples.Weights(type, Rows * columns, random);
            float[] x = QuantSamples.Activations(Tokens * columns, random);
            var decoded = new float[Rows * columns];
            Dequantize.Row(type, weights, decoded);
            foreach (ActivationLayout layout in new[] { ActivationLayout.F32, row.IntegerLayout }.Distinct())
            {
                float[] expected = Run(MatMulLoopOf(type, layout, IsaLevel.Scalar), weights, layout, x, columns, Rows, Tokens);
                foreach (IsaLevel level in Isa.Levels.Skip(1))
                {
                    float[] actual = Run(MatMulLoopOf(type, layout, level), weights, layout, x, columns, Rows, Tokens);
                    for (int i = 0; i < actual.Length; i++)
                    {
                        double bound = 1e-6 * Magnitude(type, decoded, x, i % Rows, i / Rows, columns);
                        Assert.True(Math.Abs(actual[i] - expected[i]) <= bound, $"{type} {layout} {level} {columns} columns, output {i}: {actual[i]} against {expected[i]}, bound {bound}");
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Multiply_AnyTokensAndRowSplit_BitEqual(TensorType type)
    {
        const int Rows = 37;
        const int Tokens = 71;
        int columns = type is TensorType.F32 or TensorType.F16 or TensorType.BF16 ? 333 : 2 * 256 * 3;
        if (QuantTypes.Find(type)!.BlockElements == 32)
        {
            columns += 32;
        }

        var random = new Random(3);
        byte[] weights = QuantSamples.Weights(type, Rows * columns, random);
        float[] x = QuantSamples.Activations(Tokens * columns, random);
        foreach (ActivationMode mode in Enum.GetValues<ActivationMode>())
        {
            ActivationLayout layout = MatMul.LayoutFor(type, mode);
            foreach (IsaLevel level in Isa.Levels)
            {
                MatMulLoop loop = MatMulLoopOf(type, layout, level);
                float[] whole = Run(loop, weights, layout, x, columns, Rows, Tokens);
                for (int t = 0; t < Tokens; t += 7)
                {
                    float[] one = Run(loop, weights, layout, x.AsSpan(t * columns, columns).ToArray(), columns, Rows, 1);
                    Assert.Equal(Bits(whole.AsSpan(t * Rows, Rows)), Bits(one));
                }

                Assert.Equal(Bits(whole), Bits(Run(loop, weights, layout, x, columns, Rows, Tokens, 1)));
                Assert.Equal(Bits(whole), Bits(Run(loop, weights, layout, x, columns, Rows, Tokens, 10)));
            }
        }
    }

    [Fact]
    public void Multiply_WrongLayoutOrColumns_Throws()
    {
        Assert.Throws<ArgumentException>(() => MatMul.Multiply(TensorType.Q4_K, 0, 256, 0, 1, ActivationLayout.Q8Block32, 0, 0, 1, 0, 0));
        Assert.Throws<ArgumentException>(() => MatMul.Multiply(TensorType.Q4_K, 0, 32, 0, 1, ActivationLayout.Q8Block256, 0, 0, 1, 0, 0));
        Assert.Throws<NotSupportedException>(() => MatMul.LayoutFor(TensorType.Q8_K, ActivationMode.Int8));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Multiply_SteadyState_AllocatesNothing(TensorType type)
    {
        const int Tokens = 4;
        byte[] weights = QuantSamples.Weights(type, 512, new Random(4));
        using var memory = new QuantGuardedMemory((Tokens * MatMul.RowBytes(ActivationLayout.F32, 512)) + 64);
        foreach (ActivationMode mode in Enum.GetValues<ActivationMode>())
        {
            ActivationLayout layout = MatMul.LayoutFor(type, mode);
            long stride = MatMul.RowBytes(layout, 512);
            nint y = memory.Address + (nint)(Tokens * MatMul.RowBytes(ActivationLayout.F32, 512));
            fixed (byte* w = weights)
            {
                MatMul.Multiply(type, (nint)w, 512, 0, 1, layout, memory.Address, stride, Tokens, y, 1);
                long before = GC.GetAllocatedBytesForCurrentThread();
                MatMul.Multiply(type, (nint)w, 512, 0, 1, layout, memory.Address, stride, Tokens, y, 1);
                Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
            }
        }
    }

    private static MatMulLoop MatMulLoopOf(TensorType type, ActivationLayout layout, IsaLevel level) => QuantTypes.Find(type)!.Loop(layout, level)!;

    private static int[] Bits(ReadOnlySpan<float> values) => MemoryMarshal.Cast<float, int>(values).ToArray();

    /// <summary>Σ|w·x| plus the size of the terms a block's offset cancels against.</summary>
    private static double Magnitude(TensorType type, float[] decoded, float[] x, int row, int token, int columns)
    {
        double sum = 0;
        double largest = 0;
        for (int i = 0; i < columns; i++)
        {
            sum += Math.Abs((double)decoded[(row * columns) + i] * x[(token * columns) + i]);
            largest = Math.Max(largest, Math.Abs(decoded[(row * columns) + i]));
        }

        return sum + (type is TensorType.Q4_1 or TensorType.Q4_K or TensorType.Q2_K or TensorType.Q5_1 or TensorType.Q5_K ? largest : 0);
    }

    /// <summary>Runs a loop with weights and activations that end at guarded pages; rows in pieces of <paramref name="piece"/>.</summary>
    private static float[] Run(MatMulLoop loop, byte[] weights, ActivationLayout layout, float[] x, int columns, int rows, int tokens, int piece = int.MaxValue)
    {
        long stride = MatMul.RowBytes(layout, columns);
        using var w = new QuantGuardedMemory(weights.Length);
        using var a = new QuantGuardedMemory(stride * tokens);
        using var y = new QuantGuardedMemory(4L * rows * tokens);
        weights.CopyTo(new Span<byte>((void*)w.Address, weights.Length));
        fixed (float* source = x)
        {
            for (int t = 0; t < tokens; t++)
            {
                MatMul.Prepare(layout, (nint)(source + (t * columns)), columns, a.Address + (nint)(t * stride));
            }
        }

        for (int row = 0; row < rows; row += Math.Min(piece, rows))
        {
            loop.Multiply((byte*)w.Address, columns, row, (int)Math.Min(rows, (long)row + piece), (byte*)a.Address, stride, tokens, (float*)y.Address, rows);
        }

        return new Span<float>((void*)y.Address, rows * tokens).ToArray();
    }
}
