using LayerStream.Kernels.Ops;
using Xunit;

namespace LayerStream.Kernels.Tests;

public sealed unsafe class DeltaNetTests
{
    public static TheoryData<int, int, int, int, DeltaHeadMap> Shapes() => new()
    {
        { 2, 4, 128, 128, DeltaHeadMap.Grouped },
        { 2, 4, 128, 128, DeltaHeadMap.Tiled },
        { 1, 2, 64, 64, DeltaHeadMap.Grouped },
        { 2, 2, 16, 16, DeltaHeadMap.Tiled },
        { 1, 3, 7, 5, DeltaHeadMap.Grouped },
        { 2, 6, 33, 83, DeltaHeadMap.Tiled }, // panels 32, 32, 19: pair of vectors, then single columns
        { 1, 1, 3, 48, DeltaHeadMap.Grouped },
        { 1, 1, 1, 1, DeltaHeadMap.Grouped },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Advance_EveryLevel_MatchesDoubleRecurrence(int keyHeads, int valueHeads, int keyDim, int valueDim, DeltaHeadMap map)
    {
        var shape = new DeltaNetShape(keyHeads, valueHeads, keyDim, valueDim, 4, map);
        const int Tokens = 19;
        using var sample = new Sample(shape, Tokens);
        double[] expected = sample.Reference(out double[] matrices);
        for (IsaLevel level = IsaLevel.Scalar; level <= Isa.Level; level++)
        {
            using GuardedFloats state = sample.Start();
            using var output = new GuardedFloats(Tokens * shape.ValueWidth);
            DeltaNet.Advance(level, shape, 0, shape.Units, sample.Rows(0, Tokens, output), state.Address);
            for (int i = 0; i < expected.Length; i++)
            {
                Assert.Equal(expected[i], output.Span[i], 5e-6);
            }

            foreach ((int v, int i, int j) in sample.Cells())
            {
                int dense = (((v * keyDim) + i) * valueDim) + j;
                Assert.Equal(matrices[dense], state.Span[(int)shape.MatrixOffset(v, i, j)], 5e-6);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Advance_AnySplitAndLevel_SameBits(int keyHeads, int valueHeads, int keyDim, int valueDim, DeltaHeadMap map)
    {
        var shape = new DeltaNetShape(keyHeads, valueHeads, keyDim, valueDim, 4, map);
        const int Tokens = 48;
        using var sample = new Sample(shape, Tokens);
        using GuardedFloats whole = sample.Start();
        using var expected = new GuardedFloats(Tokens * shape.ValueWidth);
        DeltaNet.Advance(shape, 0, shape.Units, sample.Rows(0, Tokens, expected), whole.Address);
        foreach (int[] cuts in new int[][] { [17, .. Enumerable.Repeat(1, 31)], [1, 47], [5, 5, 38], [48] })
        {
            for (IsaLevel level = Isa.Avx2 ? IsaLevel.Scalar : Isa.Level; level <= Isa.Level; level++)
            {
                using GuardedFloats state = sample.Start();
                using var output = new GuardedFloats(Tokens * shape.ValueWidth);
                int first = 0;
                foreach (int count in cuts)
                {
                    for (int unit = shape.Units - 1; unit >= 0; unit--)
                    {
                        DeltaNet.Advance(level, shape, unit, unit + 1, sample.Rows(first, count, output), state.Address);
                    }

                    first += count;
                }

                Assert.Equal(expected.Span.ToArray(), output.Span.ToArray());
                Assert.Equal(whole.Span.ToArray(), state.Span.ToArray());
            }
        }
    }

    [Fact]
    public void Advance_OutputOverTheValues_SameBits()
    {
        var shape = new DeltaNetShape(2, 4, 64, 64, 4, DeltaHeadMap.Grouped);
        using var sample = new Sample(shape, 9);
        using GuardedFloats a = sample.Start();
        using GuardedFloats b = sample.Start();
        using var apart = new GuardedFloats(9 * shape.ValueWidth);
        DeltaNet.Advance(shape, 0, shape.Units, sample.Rows(0, 9, apart), a.Address);
        DeltaNetRows rows = sample.Rows(0, 9, apart);
        rows = rows with { Output = rows.Rows.FromColumn(shape.ValueOffset) };
        DeltaNet.Advance(shape, 0, shape.Units, rows, b.Address);
        for (int t = 0; t < 9; t++)
        {
            Assert.Equal(
                apart.Span.Slice(t * shape.ValueWidth, shape.ValueWidth).ToArray(),
                new Span<float>((float*)rows.Output[t], shape.ValueWidth).ToArray());
        }
    }

    [Fact]
    public void KeyHeadOf_BothMaps_FollowTheirFormula()
    {
        var grouped = new DeltaNetShape(2, 4, 8, 8, 4, DeltaHeadMap.Grouped);
        Assert.Equal([0, 0, 1, 1], Enumerable.Range(0, 4).Select(grouped.KeyHeadOf));
        Assert.Equal([0, 1, 0, 1], Enumerable.Range(0, 4).Select((grouped with { HeadMap = DeltaHeadMap.Tiled }).KeyHeadOf));
    }

    [Fact]
    public void MatrixOffset_AllCells_AreAPermutation()
    {
        var shape = new DeltaNetShape(1, 3, 5, 83, 4, DeltaHeadMap.Grouped);
        var seen = new HashSet<long>();
        for (int v = 0; v < 3; v++)
        {
            for (int i = 0; i < 5; i++)
            {
                for (int j = 0; j < 83; j++)
                {
                    seen.Add(shape.MatrixOffset(v, i, j));
                }
            }
        }

        Assert.Equal(shape.MatrixFloats, seen.Count);
        Assert.Equal((0, shape.MatrixFloats - 1), (seen.Min(), seen.Max()));
    }

    [Fact]
    public void NormaliseKeys_HeadsOfARow_MatchDoubleAndLeaveTheValues()
    {
        var shape = new DeltaNetShape(3, 3, 20, 9, 4, DeltaHeadMap.Grouped);
        using GuardedFloats rows = GuardedFloats.Random(3, 2 * shape.Channels);
        float[] before = rows.Span.ToArray();
        DeltaNet.NormaliseKeys(shape, new FloatRows(rows.Address, shape.Channels), 2, 1e-6f);
        for (int i = 0; i < before.Length; i++)
        {
            int c = i % shape.Channels;
            int head = i - (c % 20);
            double sum = c < shape.ValueOffset ? before.Skip(head).Take(20).Sum(x => (double)x * x) + 1e-6f : 1;
            double scale = c < shape.KeyOffset ? 1 / Math.Sqrt(20) : 1;
            Assert.Equal(before[i] / Math.Sqrt(sum) * scale, rows.Span[i], 1.5e-7);
        }
    }

    [Fact]
    public void Gates_WideRange_MatchFormulaWithoutOverflow()
    {
        float[] a = [-200, -30, -3, 0, 2.5f, 19.9f, 20.1f, 90, 1e30f, float.NaN];
        float[] b = [-200, -30, -3, 0, 2.5f, 19.9f, 20.1f, 90, 1e30f, float.NaN];
        using var x = new GuardedFloats(a);
        using var y = new GuardedFloats(b);
        using GuardedFloats bias = GuardedFloats.Random(4, a.Length);
        using var rates = new GuardedFloats(a.Length);
        rates.Span.Fill(-0.37f);
        DeltaNet.Gates(y.Address, x.Address, rates.Address, bias.Address, a.Length);
        for (int i = 0; i < a.Length - 1; i++)
        {
            double step = a[i] + bias.Span[i];
            step = step > 20 ? step : Math.Log(1 + Math.Exp(step));
            Assert.Equal(Math.Exp(-0.37f * step), x.Span[i], 3e-7);
            Assert.Equal(1 / (1 + Math.Exp(-b[i])), y.Span[i], 1e-7);
        }

        Assert.True(float.IsNaN(x.Span[^1]) && float.IsNaN(y.Span[^1]));
    }

    [Fact]
    public void SplitGates_TwoKeyHeads_AreGroupedPerKeyHead()
    {
        var shape = new DeltaNetShape(2, 6, 8, 8, 4, DeltaHeadMap.Grouped);
        using var mixed = new GuardedFloats([0, 1, 2, 10, 11, 12, 3, 4, 5, 13, 14, 15]);
        using var b = new GuardedFloats(6);
        using var a = new GuardedFloats(6);
        DeltaNet.SplitGates(shape, mixed.Address, b.Address, a.Address);
        Assert.Equal([0, 1, 2, 3, 4, 5], b.Span.ToArray());
        Assert.Equal([10, 11, 12, 13, 14, 15], a.Span.ToArray());
    }

    [Fact]
    public void SplitProjection_TwoKeyHeads_PutsEveryHeadInItsPlace()
    {
        var shape = new DeltaNetShape(2, 4, 2, 1, 4, DeltaHeadMap.Grouped);
        using var mixed = new GuardedFloats([0, 1, 10, 11, 20, 21, 30, 31, 2, 3, 12, 13, 22, 23, 32, 33]);
        using var row = new GuardedFloats(shape.Channels);
        using var z = new GuardedFloats(shape.ValueWidth);
        DeltaNet.SplitProjection(shape, mixed.Address, row.Address, z.Address);
        Assert.Equal([0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23], row.Span.ToArray());
        Assert.Equal([30, 31, 32, 33], z.Span.ToArray());
    }

    /// <summary>Tokens with unit keys, rows with a gap between them, and the formula in F64 over dense matrices.</summary>
    private sealed class Sample : IDisposable
    {
        private const int Gap = 3;
        private readonly DeltaNetShape _shape;
        private readonly int _tokens;
        private readonly GuardedFloats _rows;
        private readonly GuardedFloats _beta;
        private readonly GuardedFloats _decay;

        public Sample(DeltaNetShape shape, int tokens)
        {
            (_shape, _tokens) = (shape, tokens);
            _rows = GuardedFloats.Random(7, (tokens * (shape.Channels + Gap)) - Gap);
            _beta = GuardedFloats.Random(8, tokens * shape.ValueHeads);
            _decay = GuardedFloats.Random(9, tokens * shape.ValueHeads);
            for (int i = 0; i < _beta.Count; i++)
            {
                _beta.Span[i] = 0.5f + (0.5f * _beta.Span[i]);
                _decay.Span[i] = 0.8f + (0.2f * _decay.Span[i]);
            }

            DeltaNet.NormaliseKeys(shape, new FloatRows(_rows.Address, shape.Channels + Gap), tokens, 1e-6f);
        }

        public GuardedFloats Start() => GuardedFloats.Random(5, (int)_shape.MatrixFloats);

        public DeltaNetRows Rows(int first, int count, GuardedFloats output) => new(
            count,
            new FloatRows(_rows.Address, _shape.Channels + Gap).FromRow(first),
            _beta.Address + (first * _shape.ValueHeads * 4),
            _decay.Address + (first * _shape.ValueHeads * 4),
            new FloatRows(output.Address, _shape.ValueWidth).FromRow(first));

        public IEnumerable<(int Head, int Key, int Value)> Cells() =>
            from v in Enumerable.Range(0, _shape.ValueHeads)
            from i in Enumerable.Range(0, _shape.KeyDim)
            from j in Enumerable.Range(0, _shape.ValueDim)
            select (v, i, j);

        public double[] Reference(out double[] matrices)
        {
            (int n, int width) = (_shape.KeyDim, _shape.ValueDim);
            matrices = new double[_shape.MatrixFloats];
            var output = new double[_tokens * _shape.ValueWidth];
            using GuardedFloats start = Start();
            foreach ((int v, int i, int j) in Cells())
            {
                matrices[(((v * n) + i) * width) + j] = start.Span[(int)_shape.MatrixOffset(v, i, j)];
            }

            for (int t = 0; t < _tokens; t++)
            {
                for (int v = 0; v < _shape.ValueHeads; v++)
                {
                    Step(t, v, matrices.AsSpan(v * n * width, n * width), output.AsSpan(((t * _shape.ValueHeads) + v) * width, width));
                }
            }

            return output;
        }

        public void Dispose()
        {
            _rows.Dispose();
            _beta.Dispose();
            _decay.Dispose();
        }

        private void Step(int t, int v, Span<double> m, Span<double> output)
        {
            (int n, int width) = (_shape.KeyDim, _shape.ValueDim);
            int head = _shape.HeadMap == DeltaHeadMap.Tiled ? v % _shape.KeyHeads : v * _shape.KeyHeads / _shape.ValueHeads;
            Span<float> row = _rows.Span.Slice(t * (_shape.Channels + Gap), _shape.Channels);
            Span<float> q = row.Slice(head * n, n);
            Span<float> k = row.Slice((_shape.KeyHeads + head) * n, n);
            Span<float> value = row.Slice((2 * _shape.KeyHeads * n) + (v * width), width);
            double decay = _decay.Span[(t * _shape.ValueHeads) + v];
            double beta = _beta.Span[(t * _shape.ValueHeads) + v];
            for (int j = 0; j < width; j++)
            {
                double recalled = 0;
                for (int i = 0; i < n; i++)
                {
                    m[(i * width) + j] *= decay;
                    recalled += m[(i * width) + j] * k[i];
                }

                double d = beta * (value[j] - recalled);
                for (int i = 0; i < n; i++)
                {
                    m[(i * width) + j] += k[i] * d;
                    output[j] += m[(i * width) + j] * q[i];
                }
            }
        }
    }
}
