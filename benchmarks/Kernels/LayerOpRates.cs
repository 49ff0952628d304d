using System.Diagnostics;
using System.Runtime.InteropServices;
using LayerStream.Kernels.Ops;

namespace LayerStream.Kernels.Benchmarks;

/// <summary>Single-thread times of what hybrid and mixture-of-experts layers do between their matrix products (argument
/// <c>ops</c>).</summary>
internal static unsafe class LayerOpRates
{
    private const int Tokens = 64; // short runs: the minimum of many leaves out other work on the machine
    private const long StateBytes = 96L << 20; // beyond the last-level cache, as the states of all layers together are

    public static void Measure()
    {
        Console.WriteLine("delta net, 128 x 128    step us/layer   GB/s of state   batch us/token   GFLOP/s   conv+norms us/token");
        MeasureDeltaNet(32);
        MeasureDeltaNet(64);
        Console.WriteLine("MLA attention, 128 heads, 576/512, 512 keys");
        MeasureAttention(128);
        MeasureAttention(32);
        MeasureAttention(8);
        MeasurePrompt(4, 64);
        MeasurePrompt(4, 128);
        MeasureRouter();
    }

    private static void MeasureDeltaNet(int valueHeads)
    {
        var shape = new DeltaNetShape(16, valueHeads, 128, 128, 4, DeltaHeadMap.Grouped);
        int layers = (int)(StateBytes / (shape.MatrixFloats * sizeof(float)));
        nint states = Floats(layers * shape.MatrixFloats, 0.01f);
        nint rows = Floats((long)Tokens * shape.Channels, 1f);
        nint beta = Floats((long)Tokens * valueHeads, 0.5f, 0.5f);
        nint decay = Floats((long)Tokens * valueHeads, 0.05f, 0.94f); // far from subnormal numbers
        nint convolved = Floats((long)Tokens * shape.Channels, 0f);
        nint output = Floats((long)Tokens * shape.ValueWidth, 0f);
        nint conv = Floats(shape.ConvStateFloats, 0f);
        nint weights = Floats((long)shape.Channels * shape.Taps, 0.3f);
        FloatRows tokens = new(convolved, shape.Channels);
        double around = Best(() =>
        {
            CausalConv.Advance(new ConvFilter(weights, 4, shape.Channels), new IndexRange(0, shape.Channels),
                new FloatRows(rows, shape.Channels), Tokens, conv, tokens);
            DeltaNet.NormaliseKeys(shape, tokens, Tokens, 1e-6f);
            Norms.GatedRmsNorm(rows, weights, rows, output, Tokens * valueHeads, 128, 1e-6f);
        });
        var batch = new DeltaNetRows(Tokens, tokens, beta, decay, new FloatRows(output, shape.ValueWidth));
        double batched = Best(() => DeltaNet.Advance(shape, 0, shape.Units / 8, batch, states)) * 8;
        DeltaNetRows one = batch with { Count = 1 };
        int layer = 0;
        double step = Best(() => DeltaNet.Advance(shape, 0, shape.Units, one,
            states + (nint)(layer++ % layers * shape.MatrixFloats * sizeof(float))));
        double flops = 7.0 * shape.MatrixFloats; // scale, two products, one update
        Console.WriteLine(
            $"{valueHeads,3} value heads {step * 1e6,20:F1} {shape.MatrixFloats * 4 / step / 1e9,15:F2} {batched / Tokens * 1e6,16:F1}"
            + $" {flops * Tokens / batched / 1e9,9:F1} {around / Tokens * 1e6,21:F2}");
        Free(states, rows, convolved, beta, decay, output, conv, weights);
    }

    private static void MeasureAttention(int headsPerCall)
    {
        const int Heads = 128, Keys = 512, KeyDim = 576, ValueDim = 512;
        nint cache = Halves(Keys * KeyDim);
        nint query = Floats(Heads * KeyDim, 0.1f);
        nint output = Floats(Heads * ValueDim, 0f);
        nint scratch = Floats(Attention.ScratchFloats(headsPerCall, ValueDim), 0f);
        nint[] pages = [.. Enumerable.Range(0, Keys / Attention.BlockKeys).Select(p => cache + (p * Attention.BlockKeys * KeyDim * 2))];
        CachedRows rows = new(pages, 0, KeyDim * 2, KeyDim, KvType.F16);
        double seconds = Best(() =>
        {
            for (int h = 0; h < Heads; h += headsPerCall)
            {
                Attention.Group(
                    new FloatRows(query + (h * KeyDim * 4), KeyDim), headsPerCall, rows, rows.Part(0, ValueDim),
                    new KeyRange(0, Keys), 0.07f, new FloatRows(output + (h * ValueDim * 4), ValueDim), scratch);
            }
        });
        Console.WriteLine($"{headsPerCall,3} heads per call {seconds * 1e3,8:F2} ms/token "
            + $"{2.0 * Heads * Keys * (KeyDim + ValueDim) / seconds / 1e9,8:F1} GFLOP/s");
        Free(cache, query, output, scratch);
    }

    private static void MeasurePrompt(int heads, int dim)
    {
        const int Keys = 512, Tokens = 8, KvHeads = 8;
        Console.WriteLine($"attention of a KV head in a prompt, {heads} heads of {dim}, {Keys} keys of F16");
        nint cache = Halves(2 * Keys * dim * KvHeads);
        nint query = Floats(Tokens * heads * dim, 0.1f);
        nint output = Floats(Tokens * heads * dim, 0f);
        nint scratch = Floats(Attention.ScratchFloats(Tokens * heads, dim), 0f);
        long stride = dim * KvHeads * 2;
        nint[] pages = [.. Enumerable.Range(0, Keys / Attention.BlockKeys).Select(p => cache + (nint)(p * Attention.BlockKeys * stride))];
        CachedRows keys = new(pages, 0, stride, dim, KvType.F16), values = keys with { Offset = Keys * stride };
        foreach (int together in new[] { 1, 2, 4, 8 })
        {
            QueryToken[] tokens = [.. Enumerable.Range(Keys - Tokens + 1, Tokens).Select(k => new QueryToken(new KeyRange(0, k), 0.1f))];
            double seconds = Best(() =>
            {
                for (int t = 0; t < Tokens; t += together)
                {
                    Attention.Tokens(new HeadRows(query + (t * heads * dim * 4), heads * dim, dim), heads, keys, values,
                        tokens.AsSpan(t, together), new HeadRows(output + (t * heads * dim * 4), heads * dim, dim), scratch);
                }
            });
            Console.WriteLine($"{together,3} tokens per call {seconds / Tokens * 1e6,8:F1} us/token "
                + $"{4.0 * Tokens * heads * Keys * dim / seconds / 1e9,8:F1} GFLOP/s");
        }

        Free(cache, query, output, scratch);
    }

    private static void MeasureRouter()
    {
        var deepseek = new RouterRule
        {
            Experts = 256,
            Selected = 8,
            Weighting = RouterWeighting.Sigmoid,
            Groups = 8,
            KeptGroups = 4,
            Normalise = true
        };
        var qwen = new RouterRule { Experts = 512, Selected = 10, Weighting = RouterWeighting.Softmax, Normalise = true };
        foreach (RouterRule rule in new[] { deepseek, qwen })
        {
            nint logits = Floats(rule.Experts, 3f);
            nint scratch = Floats(rule.ScratchFloats, 0f);
            var ids = new int[rule.Selected];
            var weights = new float[rule.Selected];
            double seconds = Best(() =>
            {
                for (int i = 0; i < 1000; i++)
                {
                    Router.Select(rule, logits, 0, ids, weights, scratch);
                }
            });
            Console.WriteLine($"router {rule.Selected} of {rule.Experts}, {rule.Weighting}: {seconds * 1e3:F2} us/token");
            Free(logits, scratch);
        }
    }

    private static double Best(Action action)
    {
        action();
        double best = double.MaxValue;
        for (int i = 0; i < 150; i++)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return best;
    }

    private static nint Floats(long count, float scale, float middle = 0f)
    {
        float* floats = (float*)NativeMemory.AlignedAlloc((nuint)(count * sizeof(float)), 4096);
        for (long i = 0; i < count; i++)
        {
            floats[i] = middle + (scale * MathF.Sin(i % 9973));
        }

        return (nint)floats;
    }

    private static nint Halves(int count)
    {
        nint floats = Floats(count, 1f), halves = Floats(count / 2, 0f);
        VectorOps.FloatToHalf(floats, halves, count);
        Free(floats);
        return halves;
    }

    private static void Free(params nint[] blocks)
    {
        foreach (nint block in blocks)
        {
            NativeMemory.AlignedFree((void*)block);
        }
    }
}
