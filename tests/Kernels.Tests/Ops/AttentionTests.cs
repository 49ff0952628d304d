using LayerStream.Kernels.Ops;
using Xunit;

namespace LayerStream.Kernels.Tests;

public sealed class AttentionTests
{
    public static TheoryData<int, int, KvType> Shapes()
    {
        var shapes = new TheoryData<int, int, KvType>();
        foreach ((int key, int value) in new[] { (64, 64), (128, 128), (16, 16), (8, 24), (80, 80), (12, 7), (576, 512), (3, 1) })
        {
            shapes.Add(key, value, KvType.F16);
            shapes.Add(key, value, KvType.F32);
        }

        return shapes;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Group_AnyRange_MatchesDoubleReferenceAndHeadBitForBit(int headDim, int valueDim, KvType type)
    {
        const int Heads = 3;
        foreach ((int first, int count) in new[] { (0, 1), (0, 3), (0, 128), (0, 129), (5, 300), (127, 2), (128, 131), (250, 9), (299, 1) })
        {
            using var cache = new Cache(first + count, headDim, valueDim, type, first * 31 + count);
            using GuardedFloats query = GuardedFloats.Random(count, Heads * headDim, 2);
            using GuardedFloats sinks = GuardedFloats.Random(3, Heads, 4);
            float scale = 1f / MathF.Sqrt(headDim);
            foreach (bool hasSinks in new[] { false, true })
            {
                using var output = new GuardedFloats(Heads * valueDim);
                using var scratch = new GuardedFloats((int)Attention.ScratchFloats(Heads, valueDim));
                using var single = new GuardedFloats(valueDim);
                using var singleScratch = new GuardedFloats(Attention.BlockKeys + valueDim);
                Attention.Group(
                    new FloatRows(query.Address, headDim), Heads, cache.KeyRows, cache.ValueRows, new KeyRange(first, count), scale,
                    new FloatRows(output.Address, valueDim), scratch.Address, hasSinks ? sinks.Address : 0);
                for (int h = 0; h < Heads; h++)
                {
                    float? sink = hasSinks ? sinks.Span[h] : null;
                    Span<float> q = query.Span.Slice(h * headDim, headDim);
                    Span<float> o = output.Span.Slice(h * valueDim, valueDim);
                    double[] expected = Reference(q, cache, first, count, scale, sink);
                    for (int d = 0; d < valueDim; d++)
                    {
                        Assert.Equal(expected[d], o[d], 3e-6);
                    }

                    Attention.Head(
                        query.Address + (h * headDim * 4), cache.KeyRows, cache.ValueRows, new KeyRange(first, count), scale,
                        single.Address, singleScratch.Address, sink);
                    Assert.Equal(o.ToArray(), single.Span.ToArray());
                }
            }
        }
    }

    [Theory]
    [InlineData(KvType.F16)]
    [InlineData(KvType.F32)]
    public void Head_PagesAnywhereInMemory_HasTheBitsOfRowsInAPiece(KvType type)
    {
        const int Rows = 301, KeyDim = 80, ValueDim = 72;
        using var cache = new Cache(Rows, KeyDim, ValueDim, type, 8);
        using var keys = new QuantGuardedMemory(3 * Attention.BlockKeys * (int)cache.KeyRows.StrideBytes);
        using var values = new QuantGuardedMemory(3 * Attention.BlockKeys * (int)cache.ValueRows.StrideBytes);
        using GuardedFloats query = GuardedFloats.Random(4, KeyDim, 2);
        using var output = new GuardedFloats(ValueDim);
        using var scattered = new GuardedFloats(ValueDim);
        using var scratch = new GuardedFloats((int)Attention.ScratchFloats(1, ValueDim));
        foreach ((int first, int count) in new[] { (0, Rows), (130, 171), (120, 9), (256, 45) })
        {
            KeyRange range = new(first, count);
            Attention.Head(query.Address, cache.KeyRows, cache.ValueRows, range, 0.2f, output.Address, scratch.Address);
            Attention.Head(query.Address, Cache.Backwards(cache.KeyRows, Rows, keys.Address),
                Cache.Backwards(cache.ValueRows, Rows, values.Address), range, 0.2f, scattered.Address, scratch.Address);
            Assert.Equal(output.Span.ToArray(), scattered.Span.ToArray());
        }
    }

    [Theory]
    [InlineData(KvType.F16)]
    [InlineData(KvType.F32)]
    public void Group_ValuesArePrefixOfKeys_MatchesReferenceForManyHeads(KvType type)
    {
        const int Heads = 128, KeyDim = 576, ValueDim = 512;
        using var cache = new Cache(150, KeyDim, ValueDim, type, 6, shared: true);
        using GuardedFloats query = GuardedFloats.Random(2, Heads * KeyDim);
        using var output = new GuardedFloats(Heads * ValueDim);
        using var scratch = new GuardedFloats((int)Attention.ScratchFloats(Heads, ValueDim));
        Attention.Group(
            new FloatRows(query.Address, KeyDim), Heads, cache.KeyRows, cache.KeyRows.Part(0, ValueDim), new KeyRange(0, 150),
            0.07f, new FloatRows(output.Address, ValueDim), scratch.Address);
        for (int h = 0; h < Heads; h += 21)
        {
            double[] expected = Reference(query.Span.Slice(h * KeyDim, KeyDim), cache, 0, 150, 0.07f, null);
            for (int d = 0; d < ValueDim; d++)
            {
                Assert.Equal(expected[d], output.Span[(h * ValueDim) + d], 3e-6);
            }
        }
    }

    [Fact]
    public void Head_MoreCachedKeys_SameBits()
    {
        // What lies behind the visible keys, and garbage in scratch, must not matter.
        using var cache = new Cache(400, 64, 64, KvType.F16, 1);
        using GuardedFloats query = GuardedFloats.Random(2, 64);
        using GuardedFloats dirty = GuardedFloats.Random(9, 192, 1e30);
        dirty.Span.Fill(float.NaN);
        using var clean = new GuardedFloats(192);
        using var a = new GuardedFloats(64);
        using var b = new GuardedFloats(64);
        Attention.Head(query.Address, cache.KeyRows, cache.ValueRows, new KeyRange(0, 333), 0.1f, a.Address, clean.Address);
        cache.Poison(333);
        Attention.Head(query.Address, cache.KeyRows, cache.ValueRows, new KeyRange(0, 333), 0.1f, b.Address, dirty.Address);
        Assert.Equal(a.Span.ToArray(), b.Span.ToArray());
        Attention.Head(query.Address, cache.KeyRows, cache.ValueRows, new KeyRange(0, 333), 0.1f, query.Address, clean.Address);
        Assert.Equal(a.Span.ToArray(), query.Span.ToArray()); // output over the query
    }

    [Fact]
    public void Head_LargeScores_DoNotOverflow()
    {
        using var cache = new Cache(200, 16, 16, KvType.F32, 4);
        using GuardedFloats query = GuardedFloats.Random(2, 16, 1000);
        using var output = new GuardedFloats(16);
        using var scratch = new GuardedFloats(144);
        Attention.Head(query.Address, cache.KeyRows, cache.ValueRows, new KeyRange(0, 200), 1f, output.Address, scratch.Address);
        double[] expected = Reference(query.Span, cache, 0, 200, 1f, null);
        for (int d = 0; d < 16; d++)
        {
            Assert.Equal(expected[d], output.Span[d], 2e-3);
        }
    }

    [Fact]
    public void Head_NoKeys_GivesZeros()
    {
        using var cache = new Cache(1, 8, 8, KvType.F32, 4);
        using GuardedFloats query = GuardedFloats.Random(2, 8);
        using GuardedFloats output = GuardedFloats.Random(2, 8);
        using var scratch = new GuardedFloats(136);
        Attention.Head(query.Address, cache.KeyRows, cache.ValueRows, new KeyRange(0, 0), 1f, output.Address, scratch.Address);
        Assert.All(output.Span.ToArray(), v => Assert.Equal(0f, v));
    }

    [Fact]
    public void Head_NanInAKey_IsNotHidden()
    {
        using var cache = new Cache(140, 16, 16, KvType.F16, 4);
        cache.Poison(139);
        using GuardedFloats query = GuardedFloats.Random(2, 16);
        using var output = new GuardedFloats(16);
        using var scratch = new GuardedFloats(144);
        Attention.Head(query.Address, cache.KeyRows, cache.ValueRows, new KeyRange(0, 140), 1f, output.Address, scratch.Address);
        Assert.All(output.Span.ToArray(), v => Assert.True(float.IsNaN(v)));
    }

    private static double[] Reference(Span<float> q, Cache cache, int first, int count, float scale, float? sink)
    {
        var scores = new double[count];
        double max = sink ?? double.NegativeInfinity;
        for (int j = 0; j < count; j++)
        {
            for (int d = 0; d < q.Length; d++)
            {
                scores[j] += (double)q[d] * cache.Key(first + j, d);
            }

            scores[j] *= scale;
            max = Math.Max(max, scores[j]);
        }

        double total = sink.HasValue ? Math.Exp(sink.Value - max) : 0;
        var output = new double[cache.ValueDim];
        for (int j = 0; j < count; j++)
        {
            double weight = Math.Exp(scores[j] - max);
            total += weight;
            for (int d = 0; d < output.Length; d++)
            {
                output[d] += weight * cache.Value(first + j, d);
            }
        }

        return [.. output.Select(v => v / total)];
    }

    /// <summary>Rows with a gap between them; the last row ends at a page without access.</summary>
    private sealed unsafe class Cache : IDisposable
    {
        private const int Gap = 6; // elements
        private readonly QuantGuardedMemory _keys;
        private readonly QuantGuardedMemory _values;
        private readonly KvType _type;
        private readonly int _rows;
        private readonly int _keyDim;
        private readonly long _keyStride;
        private readonly long _valueStride;

        public Cache(int rows, int keyDim, int valueDim, KvType type, int seed, bool shared = false)
        {
            int size = type == KvType.F16 ? 2 : 4;
            (_type, _rows, _keyDim, ValueDim) = (type, rows, keyDim, valueDim);
            _keyStride = (keyDim + Gap) * size;
            _valueStride = shared ? _keyStride : (valueDim + Gap) * size;
            _keys = Fill(rows, keyDim, _keyStride, size, seed);
            _values = shared ? _keys : Fill(rows, valueDim, _valueStride, size, seed + 1);
        }

        public int ValueDim { get; }

        public CachedRows KeyRows => new(RowPages.Of(_keys.Address, _keyStride, _rows), 0, _keyStride, _keyDim, _type);

        public CachedRows ValueRows => new(RowPages.Of(_values.Address, _valueStride, _rows), 0, _valueStride, ValueDim, _type);

        /// <summary>A copy of the rows whose pages lie in memory the last one first.</summary>
        public static CachedRows Backwards(CachedRows rows, int count, nint memory)
        {
            nint[] pages = [.. rows.Pages.Select((_, p) =>
                memory + (nint)((rows.Pages.Length - 1 - p) * Attention.BlockKeys * rows.StrideBytes))];
            CachedRows copy = rows with { Pages = pages };
            for (int row = 0; row < count; row++)
            {
                int bytes = rows.Elements * rows.ElementBytes;
                new Span<byte>((void*)rows.At(row, 0), bytes).CopyTo(new Span<byte>((void*)copy.At(row, 0), bytes));
            }

            return copy;
        }

        public double Key(int row, int d) => Read(_keys.Address + (nint)(row * _keyStride), d);

        public double Value(int row, int d) => Read(_values.Address + (nint)(row * _valueStride), d);

        public void Poison(int fromRow)
        {
            for (int row = fromRow; row < _rows; row++)
            {
                new Span<byte>((void*)(_keys.Address + (nint)(row * _keyStride)), _keyDim * 2).Fill(0xFF);
                new Span<byte>((void*)(_values.Address + (nint)(row * _valueStride)), ValueDim * 2).Fill(0xFF);
            }
        }

        public void Dispose()
        {
            _keys.Dispose();
            if (_values != _keys)
            {
                _values.Dispose();
            }
        }

        private static QuantGuardedMemory Fill(int rows, int dim, long stride, int size, int seed)
        {
            var random = new Random(seed);
            var memory = new QuantGuardedMemory(((rows - 1) * stride) + (dim * size));
            for (int r = 0; r < rows; r++)
            {
                for (int d = 0; d < dim; d++)
                {
                    float value = (float)((random.NextDouble() * 2) - 1);
                    nint row = memory.Address + (nint)(r * stride);
                    if (size == 2)
                    {
                        ((Half*)row)[d] = (Half)value;
                    }
                    else
                    {
                        ((float*)row)[d] = value;
                    }
                }
            }

            return memory;
        }

        private double Read(nint row, int d) => _type == KvType.F16 ? (double)((Half*)row)[d] : ((float*)row)[d];
    }
}
