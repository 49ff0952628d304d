using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text.Json;
using LayerStream.Kernels.Ops;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Sampling;
using Xunit;

namespace LayerStream.Golden.Tests;

/// <summary>
/// Logits and drawn ids have the bits that are stored with the tests, on every machine and at every instruction-set level
/// (<see cref="InstructionSetTests"/>). <c>tests/logit-hashes.sh</c> writes the stored ones anew after a change that is meant to change
/// them.
/// </summary>
public sealed class LogitHashTests
{
    private const string OutputVariable = "LAYERSTREAM_LOGIT_HASHES"; // a file to add to instead of comparing
    private const string PartVariable = "LAYERSTREAM_HASH_PART";
    private const int Seeds = 20;
    private const float Temperature = 0.8f;

    private static readonly Dictionary<string, string> s_stored =
        File.ReadLines(Path.Combine(AppContext.BaseDirectory, "data", "logit-hashes.txt"))
        .Select(line => line.Split(' ')).ToDictionary(words => words[0] + " " + words[1], words => words[2]);

    private static readonly (string Name, ActivationMode Activations, KvType Kv)[] s_modes =
        [("f32", ActivationMode.F32, KvType.F32), ("int8", ActivationMode.Int8, KvType.F16), ("int16", ActivationMode.Int16, KvType.F16)];

    public static TheoryData<string> Cases => [.. OfPart(GoldenCase.Own.Concat(GoldenCase.Names("arch"))
        .Concat(GoldenCase.Names("extra")).Concat(GoldenCase.Names("quant-models")).Distinct().Order())];

    public static TheoryData<string> Modes => [.. OfPart(s_modes.Select(mode => mode.Name))];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Logits_OfAGoldenCase_HaveTheStoredBits(string name)
    {
        GoldenCase golden = GoldenCase.Load(name);
        foreach ((string mode, ActivationMode activations, KvType kv) in s_modes)
        {
            using MemoryModel model = new(golden.Model, golden.Context, kv, activations, threads: 2);
            Check(name + " " + mode,
                MemoryMarshal.AsBytes<float>(model.Run(golden.Tokens, golden.Tokens.Length).SelectMany(row => row).ToArray()));
        }
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("gptoss")]
    [InlineData("qwen35moe")]
    public void Draws_OfTwentySeedsAtTemperature_AreTheStoredIds(string name)
    {
        const int Drawn = 24;
        GoldenCase golden = GoldenCase.Load(name);
        using MemoryModel model = new(golden.Model, golden.Context, KvType.F16, ActivationMode.Int8);
        List<int> all = [];
        for (int seed = 0; seed < Seeds; seed++)
        {
            SamplerChain sampler = new(new SamplingOptions { Temperature = Temperature, Seed = seed });
            List<int> ids = [.. golden.Tokens[..16]];
            List<float[]> logits = [];
            model.Run(ids, 0, logits);
            for (int i = 0; i < Drawn; i++)
            {
                ids.Add(sampler.Sample(logits[^1], ids));
                model.Run([ids[^1]], ids.Count - 1, logits);
            }

            all.AddRange(ids);
        }

        Check(name + " draws", MemoryMarshal.AsBytes<int>(all.ToArray()));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void SmolLM2_LogitsAndDrawsOf32Tokens_HaveTheStoredBits(string mode)
    {
        const string Name = "SmolLM2-135M-Instruct-Q4_1";
        string? path = SharedGolden.Find($"../models/{Name}.gguf"), reference = SharedGolden.Find("smollm2/smollm2.json");
        Assert.SkipWhen(path is null || reference is null, "the model or its reference data is not beside the project");
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(reference!));
        int[] ids = [.. json.RootElement.GetProperty("windows")[0].GetProperty("ids").EnumerateArray().Take(32).Select(e => e.GetInt32())];
        (_, ActivationMode activations, KvType kv) = s_modes.Single(m => m.Name == mode);
        using MemoryModel model = new(path!, 64, kv, activations, threads: 2);
        List<float[]> logits = model.Run(ids, ids.Length);
        Check(Name + " " + mode, MemoryMarshal.AsBytes<float>(logits.SelectMany(row => row).ToArray()));
        int[] draws = [.. from seed in Enumerable.Range(0, Seeds) from row in logits select Draw(row, seed, ids)];
        Check($"{Name} {mode}-draws", MemoryMarshal.AsBytes<int>(draws));
    }

    /// <summary>All, or those of one part, "2/8", so that a slow level can be run in pieces.</summary>
    private static IEnumerable<string> OfPart(IEnumerable<string> names)
    {
        string[] part = (Environment.GetEnvironmentVariable(PartVariable) is { Length: > 0 } asked ? asked : "1/1").Split('/');
        int number = int.Parse(part[0], CultureInfo.InvariantCulture), parts = int.Parse(part[1], CultureInfo.InvariantCulture);
        return names.Where((_, i) => i % parts == number - 1);
    }

    private static int Draw(float[] logits, int seed, int[] history) =>
        new SamplerChain(new SamplingOptions { Temperature = Temperature, Seed = seed }).Sample([.. logits], history);

    private static void Check(string what, ReadOnlySpan<byte> bytes)
    {
        string hash = Convert.ToHexStringLower(XxHash128.Hash(bytes));
        if (Environment.GetEnvironmentVariable(OutputVariable) is { Length: > 0 } file)
        {
            File.AppendAllText(file, $"{what} {hash}\n");
            return;
        }

        Assert.True(s_stored.TryGetValue(what, out string? stored), $"no hash of {what} is stored: run tests/logit-hashes.sh");
        Assert.True(stored == hash, $"{what}: {hash} where {stored} is stored");
    }
}
