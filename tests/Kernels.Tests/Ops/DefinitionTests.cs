using LayerStream.Kernels.Ops;
using Xunit;

namespace LayerStream.Kernels.Tests;

/// <summary>
/// Every operator between matrix products gives the bits of its scalar definition, on lengths round vector borders. Run again by
/// <see cref="InstructionSetTests"/> in processes without AVX-512, without AVX2 and without any vector instruction.
/// </summary>
public sealed unsafe class DefinitionTests
{
    private static readonly int[] s_lengths = [.. Enumerable.Range(1, 40), 63, 64, 65, 127, 129, 576, 1003];

    [Fact]
    public void FusedMultiplyAdd_EveryForm_RoundsOnce()
    {
        var random = new Random(3);
        for (int i = 0; i < 20_000; i++)
        {
            float a = Wide(random), b = Wide(random);
            float c = i % 2 == 0 ? -(float)((double)a * b) : Wide(random); // cancels but for what a product of its own would lose
            float expected = RoundedOnce(a, b, c);
            Same(expected, MathF.FusedMultiplyAdd(a, b, c));
            Same(expected, Lanes.MultiplyAdd(System.Runtime.Intrinsics.Vector256.Create(a), System.Runtime.Intrinsics.Vector256.Create(b),
                System.Runtime.Intrinsics.Vector256.Create(c))[i % 8]);
        }
    }

    [Fact]
    public void Elementwise_EveryLength_HasTheDefinedBits()
    {
        foreach (int n in s_lengths)
        {
            using GuardedFloats a = Sample(n, n), b = Sample(n + 1, n);
            Check(a, y => VectorOps.Add(y, b.Address, n), Plain.Each(a.Span, b.Span, (x, z) => x + z));
            Check(a, y => VectorOps.AddScaled(y, b.Address, n, 0.3f), Plain.Each(a.Span, b.Span, (x, z) => Plain.Fma(z, 0.3f, x)));
            Check(a, y => VectorOps.Scale(y, n, -1.7f), Plain.Each(a.Span, x => x * -1.7f));
            Check(a, y => VectorOps.SoftCap(y, n, 30), Plain.Each(a.Span, x => Plain.SoftCap(x, 30)));
            Check(a, y => VectorOps.Exp(y, y, n), Plain.Each(a.Span, Plain.Exp));
            Check(a, y => VectorOps.SiluMultiply(y, b.Address, y, n), Plain.Each(a.Span, b.Span, Plain.Silu));
            Check(a, y => VectorOps.GeluMultiply(y, b.Address, y, n), Plain.Each(a.Span, b.Span, Plain.Gelu));
            Check(a, y => VectorOps.SigmoidMultiply(y, b.Address, y, n), Plain.Each(a.Span, b.Span, Plain.Sigmoid));
            Check(a, y => VectorOps.ClampedSwishMultiply(y, b.Address, y, n), Plain.Each(a.Span, b.Span, Plain.ClampedSwish));
            Assert.Equal(Plain.ExpSum(a.Span, 3), Elementary.ExpSum(a.Span, 3));
        }
    }

    [Fact]
    public void Exp_WholeRange_HasTheDefinedBits()
    {
        float[] x = [.. Enumerable.Range(0, 40_000).Select(i => (i * 0.0049f) - 106), 1e-42f, -1e-42f, 88.72284f, 88.8f, -87.4f, -103.9f,
            -104f, 1e30f, -1e30f];
        using var y = new GuardedFloats(x.Length);
        using var source = new GuardedFloats(x);
        VectorOps.Exp(source.Address, y.Address, x.Length);
        Same(Plain.Each(x, Plain.Exp), y.Span);
    }

    [Fact]
    public void Norms_EveryLength_HaveTheDefinedBits()
    {
        foreach (int n in s_lengths)
        {
            using GuardedFloats x = Sample(n, n), w = Sample(n + 1, n), gate = Sample(n + 2, n);
            float[] normed = Plain.RmsNorm(x.Span, w.Span, 1e-5f);
            Check(x, y => VectorOps.RmsNorm(y, w.Address, y, n, 1e-5f), normed);
            Check(x, y => VectorOps.RmsNorm(y, 0, y, n, 1e-5f), Plain.RmsNorm(x.Span, [], 1e-5f));
            Check(x, y => Norms.L2Norm(y, y, n, 1e-6f, 0.25f), Plain.L2Norm(x.Span, 1e-6f, 0.25f));
            Check(x, y => Norms.GatedRmsNorm(y, w.Address, gate.Address, y, 1, n, 1e-5f), Plain.Each(gate.Span, normed, Plain.Silu));
        }
    }

    [Theory]
    [InlineData(RopeStyle.Half)]
    [InlineData(RopeStyle.Interleaved)]
    public void Rope_EveryDimension_HasTheDefinedBits(RopeStyle style)
    {
        for (int pairs = 1; pairs <= 40; pairs++)
        {
            RopeTable table = RopeScaling.Create(2 * pairs, 500_000, "yarn", 8, 4096);
            foreach (int position in new[] { 0, 1, 77, 4095, 131_071, int.MaxValue })
            {
                using GuardedFloats x = Sample(pairs, (2 * pairs) + 3);
                (float[] cos, float[] sin) = Plain.Rotation(table.Omega, position, table.Magnitude);
                Check(x, y => table.Apply(style, y, 1, 0, position), Plain.Rotate(style, x.Span, cos, sin));
            }
        }
    }

    [Theory]
    [InlineData(KvType.F32, 64, 64, 0, null)]
    [InlineData(KvType.F16, 64, 48, 5, null)]
    [InlineData(KvType.F16, 80, 80, 130, 0.4f)]
    [InlineData(KvType.F32, 7, 13, 0, -2f)]
    [InlineData(KvType.F16, 576, 512, 0, null)]
    [InlineData(KvType.F32, 25, 9, 300, null)]
    public void Attention_AnyNumberOfKeys_HasTheDefinedBits(KvType type, int keyDim, int valueDim, int firstKey, float? sink)
    {
        int size = type == KvType.F16 ? 2 : 4;
        foreach (int keys in new[] { 1, 3, 8, 121, 130, 301, 389 })
        {
            if (keys <= firstKey)
            {
                continue;
            }

            using GuardedFloats query = GuardedFloats.Random(1, keyDim, 2), k = GuardedFloats.Random(2, keys * keyDim, 2),
                v = GuardedFloats.Random(3, keys * valueDim, 2);
            using var kRows = new QuantGuardedMemory(keys * keyDim * size);
            using var vRows = new QuantGuardedMemory(keys * valueDim * size);
            using var output = new GuardedFloats(valueDim);
            using var scratch = new GuardedFloats((int)Attention.ScratchFloats(1, valueDim));
            float[][] plainKeys = Store(k, keyDim, type, kRows.Address), plainValues = Store(v, valueDim, type, vRows.Address);
            Attention.Head(
                query.Address, new CachedRows(RowPages.Of(kRows.Address, keyDim * size, keys), 0, keyDim * size, keyDim, type),
                new CachedRows(RowPages.Of(vRows.Address, valueDim * size, keys), 0, valueDim * size, valueDim, type),
                new KeyRange(firstKey, keys - firstKey), 0.37f,
                output.Address, scratch.Address, sink);
            Same(PlainMixers.Attention(query.Span.ToArray(), plainKeys, plainValues, firstKey, 0.37f, sink), output.Span);
        }
    }

    [Theory]
    [InlineData(KvType.F16, 64, 64, 4)]
    [InlineData(KvType.F32, 64, 64, 1)]
    [InlineData(KvType.F16, 80, 80, 3)]
    [InlineData(KvType.F32, 128, 128, 2)]
    [InlineData(KvType.F16, 256, 256, 1)]
    [InlineData(KvType.F16, 23, 13, 5)]
    [InlineData(KvType.F32, 7, 40, 3)]
    public void Attention_SeveralTokens_HasTheDefinedBitsOfEach(KvType type, int keyDim, int valueDim, int heads)
    {
        const int Keys = 309;
        int size = type == KvType.F16 ? 2 : 4;
        var random = new Random(keyDim + heads);
        using GuardedFloats k = GuardedFloats.Random(2, Keys * keyDim, 2), v = GuardedFloats.Random(3, Keys * valueDim, 2);
        for (int key = 2; key < Keys; key += 5)
        {
            v.Span[(key * valueDim) + (key / 5 % valueDim)] = float.PositiveInfinity; // last and with weight 0 beside it, it gives NaN
        }

        using var kRows = new QuantGuardedMemory(Keys * keyDim * size);
        using var vRows = new QuantGuardedMemory(Keys * valueDim * size);
        float[][] plainKeys = Store(k, keyDim, type, kRows.Address), plainValues = Store(v, valueDim, type, vRows.Address);
        CachedRows keys = new(RowPages.Of(kRows.Address, keyDim * size, Keys), 0, keyDim * size, keyDim, type);
        CachedRows values = new(RowPages.Of(vRows.Address, valueDim * size, Keys), 0, valueDim * size, valueDim, type);
        for (int run = 0; run < 36; run++)
        {
            int count = 1 + (run % 9), start = new[] { 0, 3, 119, 122, 125, 128, 250, 300 }[random.Next(8)];
            int window = new[] { 1, 2, 6, 100, 121, 128, 200, 1000, 1000, 1000 }[random.Next(10)];
            QueryToken[] tokens = [.. Enumerable.Range(start, count).Select(p => (p, first: Math.Max(0, p + 1 - window)))
                .Select(t => new QueryToken(new KeyRange(t.first, t.p + 1 - t.first), 0.1f + (t.p * 0.001f)))];
            if (run > 27)
            {
                random.Shuffle(tokens); // any company will do
            }

            using GuardedFloats query = GuardedFloats.Random(run, count * heads * keyDim), sinks = GuardedFloats.Random(1, heads, 3);
            using var output = new GuardedFloats(count * heads * valueDim);
            using var scratch = new GuardedFloats((int)Attention.ScratchFloats(count * heads, valueDim));
            Attention.Tokens(new HeadRows(query.Address, heads * keyDim, keyDim), heads, keys, values, tokens,
                new HeadRows(output.Address, heads * valueDim, valueDim), scratch.Address, run % 2 == 0 ? 0 : sinks.Address);
            for (int i = 0; i < count * heads; i++)
            {
                QueryToken token = tokens[i / heads];
                float[] expected = PlainMixers.Attention(query.Span.Slice(i * keyDim, keyDim).ToArray(), plainKeys[..token.Visible.End],
                    plainValues, token.Visible.First, token.Scale, run % 2 == 0 ? null : sinks.Span[i % heads]);
                Assert.All(expected.Zip(output.Span.Slice(i * valueDim, valueDim).ToArray()), pair =>
                    Assert.True(float.IsNaN(pair.First) ? float.IsNaN(pair.Second) : BitConverter.SingleToInt32Bits(pair.First)
                        == BitConverter.SingleToInt32Bits(pair.Second), $"{pair}, run {run}, row {i}"));
            }
        }
    }

    [Theory]
    [InlineData(2, 4, 128, 128)]
    [InlineData(1, 3, 7, 5)]
    [InlineData(2, 6, 33, 83)]
    [InlineData(1, 1, 3, 48)]
    public void DeltaNet_EveryShape_HasTheDefinedBits(int keyHeads, int valueHeads, int keyDim, int valueDim)
    {
        const int Tokens = 6;
        var shape = new DeltaNetShape(keyHeads, valueHeads, keyDim, valueDim, 4, DeltaHeadMap.Grouped);
        using GuardedFloats rows = GuardedFloats.Random(1, Tokens * shape.Channels),
            matrices = GuardedFloats.Random(2, (int)shape.MatrixFloats);
        using GuardedFloats b = Sample(3, Tokens * valueHeads), a = Sample(4, Tokens * valueHeads), bias = Sample(5, valueHeads);
        using var output = new GuardedFloats(Tokens * shape.ValueWidth);
        using var rates = new GuardedFloats(valueHeads);
        rates.Span.Fill(-0.37f);
        (float Beta, float Decay)[] gates = [.. Enumerable.Range(0, Tokens * valueHeads)
            .Select(i => PlainMixers.Gates(b.Span[i], a.Span[i], -0.37f, bias.Span[i % valueHeads]))];
        for (int t = 0; t < Tokens; t++)
        {
            nint at = t * valueHeads * 4;
            DeltaNet.Gates(b.Address + at, a.Address + at, rates.Address, bias.Address, valueHeads);
        }

        float[] before = matrices.Span.ToArray();
        DeltaNet.Advance(shape, 0, shape.Units, new DeltaNetRows(Tokens, new FloatRows(rows.Address, shape.Channels), b.Address,
            a.Address, new FloatRows(output.Address, shape.ValueWidth)), matrices.Address);
        for (int v = 0; v < valueHeads; v++)
        {
            for (int j = 0; j < valueDim; j++)
            {
                float[] column = [.. Enumerable.Range(0, keyDim).Select(i => before[shape.MatrixOffset(v, i, j)])];
                for (int t = 0; t < Tokens; t++)
                {
                    Span<float> row = rows.Span.Slice(t * shape.Channels, shape.Channels);
                    Span<float> q = row.Slice(shape.KeyHeadOf(v) * keyDim, keyDim),
                        k = row.Slice(shape.KeyOffset + (shape.KeyHeadOf(v) * keyDim), keyDim);
                    (float beta, float decay) = gates[(t * valueHeads) + v];
                    float expected = PlainMixers.Delta(column, q, k, row[shape.ValueOffset + (v * valueDim) + j], beta, decay);
                    Same(expected, output.Span[(t * shape.ValueWidth) + (v * valueDim) + j]);
                }

                Same(column, [.. Enumerable.Range(0, keyDim).Select(i => matrices.Span[(int)shape.MatrixOffset(v, i, j)])]);
            }
        }
    }

    [Theory]
    [InlineData(4, 203)]
    [InlineData(1, 9)]
    [InlineData(16, 30)]
    public void CausalConv_EveryWidth_HasTheDefinedBits(int taps, int channels)
    {
        const int Tokens = 5;
        using GuardedFloats weights = Sample(1, taps * channels), raw = Sample(2, Tokens * channels),
            state = Sample(3, Math.Max(1, (taps - 1) * channels));
        float[] before = state.Span.ToArray();
        using var output = new GuardedFloats(Tokens * channels);
        CausalConv.Advance(new ConvFilter(weights.Address, taps, channels), new IndexRange(0, channels),
            new FloatRows(raw.Address, channels), Tokens, state.Address, new FloatRows(output.Address, channels));
        for (int i = 0; i < output.Count; i++)
        {
            (int t, int c) = (i / channels, i % channels);
            float[] inputs = [.. Enumerable.Range(t - taps + 1, taps)
                .Select(r => r < 0 ? before[((taps - 1 + r) * channels) + c] : raw.Span[(r * channels) + c])];
            Same(PlainMixers.Convolve(weights.Span.Slice(c * taps, taps), inputs), output.Span[i]);
        }
    }

    [Fact]
    public void ExpertSum_EveryLength_HasTheDefinedBits()
    {
        int[] places = [9, 2, 30, 5];
        float[] weights = [0.3f, 0.123f, 1.7f, -0.4f];
        foreach (int n in s_lengths)
        {
            using GuardedFloats rows = Sample(n, 31 * n), start = Sample(n + 1, n);
            float[] expected = start.Span.ToArray();
            foreach (int at in new[] { 1, 3, 0, 2 }) // rising places
            {
                expected = Plain.Each(expected, rows.Span.Slice(places[at] * n, n), (sum, x) => Plain.Fma(x, weights[at], sum));
            }

            Check(start, y => ExpertSum.Add(places, weights, new FloatRows(rows.Address, n), y, n), expected);
        }
    }

    [Theory]
    [InlineData(RouterWeighting.Softmax)]
    [InlineData(RouterWeighting.Sigmoid)]
    [InlineData(RouterWeighting.SqrtSoftplus)]
    [InlineData(RouterWeighting.SelectedSoftmax)]
    public void Router_EveryWeighting_HasTheDefinedBits(RouterWeighting weighting)
    {
        foreach (int experts in new[] { 5, 33, 128, 509 })
        {
            var rule = new RouterRule
            {
                Experts = experts,
                Selected = 5,
                Weighting = weighting,
                Normalise = weighting != RouterWeighting.SelectedSoftmax,
                Scale = 2.5f
            };
            using GuardedFloats logits = GuardedFloats.Random(experts, experts, 4);
            using var scratch = new GuardedFloats(rule.ScratchFloats);
            int[] ids = new int[5];
            float[] weights = new float[5];
            Assert.True(Router.Select(rule, logits.Address, 0, ids, weights, scratch.Address));
            float[] all = weighting switch
            {
                RouterWeighting.Softmax => PlainMixers.Softmax(logits.Span),
                RouterWeighting.Sigmoid => Plain.Each(logits.Span, x => Plain.Sigmoid(x, 1)),
                RouterWeighting.SqrtSoftplus => Plain.Each(logits.Span, x => (float)Math.Sqrt(Elementary.Softplus(x))),
                _ => logits.Span.ToArray(),
            };
            float[] chosen = [.. ids.Select(id => all[id])];
            chosen = weighting == RouterWeighting.SelectedSoftmax ? PlainMixers.Softmax(chosen) : chosen;
            double sum = 1e-20f;
            foreach (float weight in chosen)
            {
                sum += weight;
            }

            float factor = rule.Normalise ? (float)(2.5f / sum) : 2.5f;
            Same(Plain.Each(chosen, w => w * factor), weights);
        }
    }

    private static float[][] Store(GuardedFloats source, int dim, KvType type, nint rows)
    {
        if (type == KvType.F16)
        {
            VectorOps.FloatToHalf(source.Address, rows, source.Count);
        }
        else
        {
            VectorOps.Copy(source.Address, rows, source.Count);
        }

        return [.. Enumerable.Range(0, source.Count / dim)
            .Select(r => Plain.Each(source.Span.Slice(r * dim, dim), x => type == KvType.F16 ? (float)(Half)x : x))];
    }

    /// <summary>Values of many magnitudes, subnormal and zero ones among them.</summary>
    private static GuardedFloats Sample(int seed, int count)
    {
        GuardedFloats floats = GuardedFloats.Random(seed, count, 12);
        for (int i = 0; i < count; i += 7)
        {
            floats.Span[i] *= (i / 7 % 4) switch { 0 => 1e-39f, 1 => 1e-4f, 2 => 0, _ => 6 };
        }

        return floats;
    }

    private static void Check(GuardedFloats source, Action<nint> run, float[] expected)
    {
        using var y = new GuardedFloats(source.Span);
        run(y.Address);
        Same(expected, y.Span);
    }

    private static void Same(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Same(expected[i], actual[i]);
        }
    }

    private static void Same(float expected, float actual) =>
        Assert.True(BitConverter.SingleToUInt32Bits(expected) == BitConverter.SingleToUInt32Bits(actual),
            $"{expected:r} {BitConverter.SingleToUInt32Bits(expected):x8} and {actual:r} {BitConverter.SingleToUInt32Bits(actual):x8}");

    private static float Wide(Random random) => (float)((random.NextDouble() - 0.5) * Math.Pow(2, random.Next(-80, 60)));

    /// <summary>a·b + c in F64, where the product is exact, with the sum rounded to odd so that the second rounding is the only
    /// one.</summary>
    private static float RoundedOnce(float a, float b, float c)
    {
        double product = (double)a * b, sum = product + c, part = sum - product;
        double lost = (product - (sum - part)) + (c - part);
        long bits = BitConverter.DoubleToInt64Bits(sum);
        if (lost != 0 && (bits & 1) == 0)
        {
            bits += (lost > 0) == (sum > 0) ? 1 : -1;
        }

        return (float)BitConverter.Int64BitsToDouble(bits);
    }
}
