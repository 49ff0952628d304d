using System.Collections.Concurrent;
using LayerStream.Formats;
using LayerStream.Formats.Routes;
using LayerStream.Formats.Writing;
using LayerStream.Kernels.Ops;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Models.Synthesis;
using LayerStream.Models.Synthesis.Shapes;
using LayerStream.Planning.Experts;
using Xunit;

namespace LayerStream.Golden.Tests;

/// <summary>Synthetic models of small shapes are run: sane logits, and routing as skewed as it is meant to be.</summary>
public sealed class SyntheticModelTests
{
    private const int Vocabulary = 1024;
    private const int Tokens = 150;

    private static readonly Dictionary<string, ModelShape> s_shapes = ((ModelShape[])
    [
        LlamaShapes.Create("llama", "tiny", 4, 512, 8, 2, 64, 768),
        Qwen3MoeShapes.Create("qwen3moe", "tiny", 3, 512, 8, 2, 64, 128, 8, 256),
        Qwen35MoeShapes.Create("qwen35moe", "tiny", 4, 512, new Qwen35Mixers(4, 2, 128, 2, 4, 128), 128, 8, 256),
        GptOssShapes.Create("gpt-oss", "tiny", 3, 480, 8, 2, 64, 128, 4, 320),
        DeepSeek2Shapes.Create("deepseek2", "tiny", 4, 512, new LatentMixer(4, 256, 256, 64, 32, 64), 1, 768, 128, 8, 256, 4),
        Glm4MoeShapes.Create("glm4moe", "tiny", 4, 512, 8, 2, 64, 1, 768, 128, 8, 256),
    ]).ToDictionary(s => s.Name);

    private static readonly ConcurrentDictionary<(string, RouterLocality), Lazy<(List<float[]>, RouteTrace)>> s_runs = new();

    public static TheoryData<string> Names => [.. s_shapes.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Run_OfASyntheticModel_HasFiniteLogitsNearUnitVariance(string name)
    {
        (List<float[]> logits, _) = Run(name, RouterLocality.Trace);
        foreach (float[] row in logits)
        {
            double mean = row.Average(v => (double)v), variance = row.Average(v => (double)v * v) - (mean * mean);
            Assert.InRange(variance, 0.5, 2);
        }

        Assert.True(logits.Select(row => Array.IndexOf(row, row.Max())).Distinct().Count() > Tokens / 2);
    }

    /// <summary>LFU at 8, 15, 31 and 61 of 128 slots hits 40, 57, 78 and 90 % on recorded routing of 6 of 128 experts.</summary>
    [Theory]
    [InlineData("qwen3moe")]
    [InlineData("qwen35moe")]
    [InlineData("deepseek2")]
    [InlineData("glm4moe")]
    public void Routes_OfTraceLocality_HaveTheHitRatesOfRecordedRouting(string name)
    {
        (_, RouteTrace trace) = Run(name, RouterLocality.Trace);
        double[] rates = [.. ((int[])[15, 31, 61]).Select(slots => HitRate(trace, slots))];
        Assert.True(rates[0] is > 0.42 and < 0.69 && rates[1] is > 0.66 and < 0.88 && rates[2] is > 0.83 and < 0.96,
            string.Join(", ", rates.Select(r => $"{r:P1}")));
    }

    [Theory]
    [InlineData("qwen3moe")]
    [InlineData("gpt-oss")]
    public void Routes_OfNoLocality_HitAsOftenAsExpertsAreResident(string name)
    {
        (_, RouteTrace random) = Run(name, RouterLocality.None);
        (_, RouteTrace skewed) = Run(name, RouterLocality.Trace);
        Assert.InRange(HitRate(random, 31), 0.15, 0.40);
        Assert.True(HitRate(skewed, 31) > HitRate(random, 31) + 0.25, $"{HitRate(skewed, 31):P1}");
    }

    [Fact]
    public void Write_OfASeed_IsReproducible()
    {
        byte[] first = Write(s_shapes["gpt-oss"], new SyntheticOptions(), null, File.ReadAllBytes, Cancel);
        Assert.Equal(first, Write(s_shapes["gpt-oss"], new SyntheticOptions(), null, File.ReadAllBytes, Cancel));
        Assert.NotEqual(first, Write(s_shapes["gpt-oss"], new SyntheticOptions { Seed = 2 }, null, File.ReadAllBytes, Cancel));
    }

    [Fact]
    public void Write_WithPhysicalLayers_SharesWholeTensorsOfTheSameKind()
    {
        SyntheticOptions options = new() { PhysicalLayers = 1, Alignment = SyntheticModel.ShareGrain };
        int shared = 0;
        void Copy(Microsoft.Win32.SafeHandles.SafeFileHandle file, long source, long destination, long length)
        {
            Assert.All((long[])[source, destination, length], v => Assert.Equal(0, v % SyntheticModel.ShareGrain));
            byte[] bytes = new byte[length];
            Assert.Equal(length, RandomAccess.Read(file, bytes, source));
            RandomAccess.Write(file, bytes, destination);
            shared++;
        }

        Write(s_shapes["qwen3moe"], options, Copy, path =>
        {
            GgufModel model = GgufModel.Open(path);
            byte[] bytes = File.ReadAllBytes(path);
            Assert.All(model.Tensors, t => Assert.Equal(0,
                ScaleCheck.CountNonFinite(t.Type, bytes.AsSpan((int)t.Extent.Offset, (int)t.Extent.Length))));
            Assert.All(model.Tensors,
                t => Assert.True(bytes.AsSpan((int)t.Extent.Offset, (int)t.Extent.Length).ContainsAnyExcept((byte)0), t.Name));
            Assert.Contains("Synthetic", model.Metadata.GetString("general.description"), StringComparison.Ordinal);
            return bytes;
        }, Cancel);
        Assert.InRange(shared, 4, 6); // gate and up of two layers, and down where the types agree
    }

    [Fact]
    public void Write_ThatFails_LeavesNoFile()
    {
        string? left = null;
        Assert.Throws<OperationCanceledException>(() =>
            Write(s_shapes["llama"], new SyntheticOptions(), null, File.ReadAllBytes, new CancellationToken(canceled: true),
            p => left = p));
        Assert.False(File.Exists(left));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static double HitRate(RouteTrace trace, int slots)
    {
        RouteHeader h = trace.Header;
        return ExpertReplay.Run(trace, ExpertPolicies.Find("lfu")!, ExpertCacheShape.Even(h.Layers, h.Experts, h.Routed, slots)).HitRate;
    }

    /// <summary>A run of random ids, made once for each model.</summary>
    private static (List<float[]> Logits, RouteTrace Trace) Run(string name, RouterLocality locality) =>
        s_runs.GetOrAdd((name, locality), _ => new(() => Run(s_shapes[name], new SyntheticOptions { Locality = locality }))).Value;

    private static (List<float[]> Logits, RouteTrace Trace) Run(ModelShape shape, SyntheticOptions options)
    {
        Random random = new(3);
        int[] ids = [.. Enumerable.Range(0, Tokens).Select(_ => random.Next(Vocabulary))];
        return Write(shape, options, null, path =>
        {
            using MemoryModel model = new(path, Tokens, KvType.F32, ActivationMode.Int8, threads: 2);
            int banks = model.Spec.ExpertBanks.Count, used = banks == 0 ? 1 : model.Spec.ExpertBanks[0].Used;
            RouteTrace trace = new(new RouteHeader("tiny", shape.Architecture, Math.Max(1, shape.Experts), used,
                [.. Enumerable.Repeat(1L, banks)], [.. Enumerable.Repeat(1L, banks)]));
            int token = 0;
            model.Routes = (bank, _, experts, weights) => trace.Add(token, 0, 1, token, bank, experts, weights);
            List<float[]> logits = [];
            for (; token < Tokens; token++)
            {
                model.Run([ids[token]], token, logits);
            }

            return (logits, trace);
        }, Cancel);
    }

    private static T Write<T>(ModelShape shape, SyntheticOptions options, ExtentShare? share, Func<string, T> use, CancellationToken cancel,
        Action<string>? onPath = null)
    {
        string folder = Directory.CreateTempSubdirectory("synthetic-").FullName;
        try
        {
            GgufWriter vocabulary = new();
            vocabulary.AddKey("tokenizer.ggml.tokens", Enumerable.Range(0, Vocabulary).Select(i => $"t{i}").ToArray());
            string path = Path.Combine(folder, "v.gguf");
            File.WriteAllBytes(path, vocabulary.Finish().Head);
            SyntheticModel model = SyntheticModel.Create(shape, GgufModel.Open(path).Metadata, options);
            path = Path.Combine(folder, "m.gguf");
            onPath?.Invoke(path);
            SyntheticWriter.Write(model, path, share, cancel: cancel);
            return use(path);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
