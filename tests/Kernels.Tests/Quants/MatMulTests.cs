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
            double tolerance = layout == ActivationLayout.F32 ? 1e-5 : mode == ActivationMode.Int16 ? 5e-5 : 1e-2;
            foreach (IsaLevel level in Isa.Levels)
            {
                float[] y = Run(MatMulLoopOf(type, layout, level), weights, layout, x, GoldenQuants.Columns, GoldenQuants.Rows, 1);
                for (int r = 0; r < GoldenQuants.Rows; r++)
                {
                    double magnitude = Enumerable.Range(0, GoldenQuants.Columns)
                        .Sum(i => Math.Abs((double)decoded[(r * GoldenQuants.Columns) + i] * x[i]));
                    Assert.InRange(Math.Abs(y[r] - expected[r]), 0, tolerance * magnitude);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Loop_EveryLevelAndLength_HasTheBitsOfTheDefinition(TensorType type)
    {
        QuantType row = QuantTypes.Find(type)!;
        IEnumerable<int> blocks = row.BlockElements == 1 ? Enumerable.Range(1, 140).Concat([255, 256, 257, 300])
            : row.BlockElements == 256 ? [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33]
            : [.. Enumerable.Range(1, 17), 31, 32, 33, 2304 / row.BlockElements];
        foreach (int columns in blocks.Select(n => n * row.BlockElements))
        {
            // Nine rows: panels need eight, and rows of few blocks are multiplied eight, four or two at once.
            const int Rows = 9;
            const int Tokens = 8;
            var random = new Random(columns);
            byte[] weights = QuantSamples.Weights(type, Rows * columns, random);
            float[] x = QuantSamples.Activations(Tokens * columns, random);
            foreach (ActivationLayout layout in Enum.GetValues<ActivationMode>().Select(mode => MatMul.LayoutFor(type, mode)).Distinct())
            {
                int[] expected = Bits(Run(MatMulLoopOf(type, layout, IsaLevel.Scalar), weights, layout, x, columns, Rows, Tokens));
                foreach (IsaLevel level in Isa.Levels.Skip(1))
                {
                    MatMulLoop loop = MatMulLoopOf(type, layout, level);
                    Assert.Equal(expected, Bits(Run(loop, weights, layout, x, columns, Rows, Tokens)));
                    for (int few = 1; few < Tokens; few++)
                    {
                        float[] first = x.AsSpan(0, few * columns).ToArray();
                        int[] rows = Bits(Run(loop, weights, layout, first, columns, Rows, few));
                        Assert.Equal(expected.AsSpan(0, few * Rows).ToArray(), rows);
                        Assert.Equal(rows, Bits(Run(loop, weights, layout, first, columns, Rows, few, gap: 0)));
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
                Assert.Equal(Bits(whole), Bits(Run(loop, weights, layout, x, columns, Rows, Tokens, 10, gap: 0)));
            }
        }
    }

    [Theory]
    [InlineData(TensorType.Q4_K)]
    [InlineData(TensorType.Q8_0)]
    public void Multiply_MoreTokensThanAPanelServes_HasTheBitsOfEachAlone(TensorType type)
    {
        const int Rows = 9;
        const int Tokens = 270;
        const int Columns = 512;
        var random = new Random(5);
        byte[] weights = QuantSamples.Weights(type, Rows * Columns, random);
        float[] x = QuantSamples.Activations(Tokens * Columns, random);
        foreach (ActivationMode mode in new[] { ActivationMode.Int8, ActivationMode.Int16 })
        {
            ActivationLayout layout = MatMul.LayoutFor(type, mode);
            MatMulLoop loop = MatMulLoopOf(type, layout, Isa.Level);
            int[] all = Bits(Run(loop, weights, layout, x, Columns, Rows, Tokens));
            for (int t = 0; t < Tokens; t++)
            {
                int[] one = Bits(Run(loop, weights, layout, x.AsSpan(t * Columns, Columns).ToArray(), Columns, Rows, 1));
                Assert.Equal(all.AsSpan(t * Rows, Rows).ToArray(), one);
            }
        }
    }

    /// <summary>Many columns at the ends of what 8 bits hold: sums of 16 bits may not wrap, in whichever form.</summary>
    [Theory]
    [MemberData(nameof(Types))]
    public void Multiply_LargestProducts_HaveTheBitsOfTheDefinition(TensorType type)
    {
        const int Rows = 16;
        const int Columns = 512;
        byte[] weights = QuantSamples.Weights(type, Rows * Columns, new Random(6));
        byte[] patterns = [0x00, 0x7F, 0x80, 0x81, 0xFF, 0xF0, 0x0F, 0xAA];
        TensorTypeInfo info = TensorTypes.Get(type);
        for (int b = 0; b < weights.Length / info.BlockBytes; b++)
        {
            // A quarter of each block: its scales lie at the ends of it.
            Span<byte> block = weights.AsSpan(b * info.BlockBytes, info.BlockBytes);
            int quarter = info.BlockSize == 1 ? 0 : block.Length / 4;
            int from = info.BlockSize == 256 ? 2 * quarter : block.Length - quarter;
            block.Slice(from, quarter).Fill(patterns[b % patterns.Length]);
        }

        foreach (int tokens in new[] { 1, 2, 6, 24 })
        {
            float[] x = [.. Enumerable.Range(0, tokens * Columns).Select(i => (i / Columns % 3) + (i % 2) < 2 ? 1f : -1f)];
            foreach (ActivationLayout layout in Enum.GetValues<ActivationMode>().Select(mode => MatMul.LayoutFor(type, mode)).Distinct())
            {
                int[] expected = Bits(Run(MatMulLoopOf(type, layout, IsaLevel.Scalar), weights, layout, x, Columns, Rows, tokens));
                foreach (IsaLevel level in Isa.Levels.Skip(1))
                {
                    Assert.Equal(expected, Bits(Run(MatMulLoopOf(type, layout, level), weights, layout, x, Columns, Rows, tokens)));
                }
            }
        }
    }

    [Fact]
    public void Multiply_WrongLayoutOrColumns_Throws()
    {
        static void Multiply(int columns, ActivationLayout layout) => MatMul.Multiply(
            new WeightRows(TensorType.Q4_K, 0, columns), new IndexRange(0, 1), new PreparedRows(layout, 0, 0, 1), default);
        Assert.Throws<ArgumentException>(() => Multiply(256, ActivationLayout.Q8Block32));
        Assert.Throws<ArgumentException>(() => Multiply(32, ActivationLayout.Q8Block256));
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
            PreparedRows x = new(layout, memory.Address, MatMul.RowBytes(layout, 512), Tokens);
            FloatRows y = new(memory.Address + (nint)(Tokens * MatMul.RowBytes(ActivationLayout.F32, 512)), 1);
            fixed (byte* w = weights)
            {
                WeightRows row = new(type, (nint)w, 512);
                MatMul.Multiply(row, new IndexRange(0, 1), x, y);
                long before = GC.GetAllocatedBytesForCurrentThread();
                MatMul.Multiply(row, new IndexRange(0, 1), x, y);
                Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
            }
        }
    }

    private static MatMulLoop MatMulLoopOf(TensorType type, ActivationLayout layout, IsaLevel level) =>
        QuantTypes.Find(type)!.Loop(layout, level)!;

    private static int[] Bits(ReadOnlySpan<float> values) => MemoryMarshal.Cast<float, int>(values).ToArray();

    /// <summary>Runs a loop with weights and activations that end at guarded pages; rows in pieces of <paramref name="piece"/>, those of
    /// activations <paramref name="gap"/> bytes apart.</summary>
    private static float[] Run(MatMulLoop loop, byte[] weights, ActivationLayout layout, float[] x, int columns, int rows, int tokens,
        int piece = int.MaxValue, int gap = 64)
    {
        long stride = MatMul.RowBytes(layout, columns) + gap; // rows may lie further apart than they are long
        using var w = new QuantGuardedMemory(weights.Length);
        using var a = new QuantGuardedMemory((stride * tokens) - gap);
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
            loop.Multiply((byte*)w.Address, columns, row, (int)Math.Min(rows, (long)row + piece), (byte*)a.Address, stride, tokens,
                (float*)y.Address, rows);
        }

        return new Span<float>((void*)y.Address, rows * tokens).ToArray();
    }
}
