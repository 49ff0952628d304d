using LayerStream.Kernels;
using LayerStream.Models;
using Xunit;

namespace LayerStream.Golden.Tests;

/// <summary>The decoder on every case of the reference data, with tiles and experts in memory.</summary>
public sealed class DecoderTests(ITestOutputHelper log)
{
    public static TheoryData<string> Cases => [.. GoldenCase.Own.Concat(GoldenCase.Names("arch")).Concat(GoldenCase.Names("extra")).Distinct().Order()];

    public static TheoryData<string> Quantised => [.. GoldenCase.Names("quant-models")];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Logits_OnTheReferencePath_AgreeToTwoThousandths(string name)
    {
        GoldenCase golden = GoldenCase.Load(name);
        LogitDistance distance = Compare(golden, KvType.F32, ActivationMode.F32);
        Assert.InRange(distance.Worst, 0, 2e-3);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Logits_ByDefault_AgreeToTheRoundingOfHalves(string name)
    {
        GoldenCase golden = GoldenCase.Load(name);
        LogitDistance distance = Compare(golden, KvType.F16, ActivationMode.Int8);

        // A router that is near a tie takes another expert and moves its position a lot; the others stay.
        Assert.InRange(distance.MedianWorst, 0, 2e-2);
        Assert.InRange(distance.Divergence, -1e-9, 1e-3);
        Assert.InRange(distance.SameBest, 0.95, 1);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Greedy_OnTheReferencePath_GivesTheReferenceIds(string name)
    {
        GoldenCase golden = GoldenCase.Load(name);
        using MemoryModel model = new(golden.Model, golden.Context, KvType.F32, ActivationMode.F32);
        List<float[]> logits = [];
        List<int> ids = [.. golden.Tokens[..golden.PromptTokens]];
        model.Run(ids, 0, logits);
        while (ids.Count < golden.PromptTokens + golden.Greedy.Length)
        {
            ids.Add(LogitDistance.IndexOfMax(logits[^1]));
            model.Run([ids[^1]], ids.Count - 1, logits);
        }

        Assert.Equal(golden.Greedy, ids.Skip(golden.PromptTokens));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Logits_HoweverThePassIsCutAndWhicheverExpertComesFirst_HaveTheSameBits(string name)
    {
        GoldenCase golden = GoldenCase.Load(name);
        int[] ids = golden.Tokens[..48];
        using MemoryModel whole = new(golden.Model, golden.Context, KvType.F16, ActivationMode.Int8);
        using MemoryModel cut = new(golden.Model, golden.Context, KvType.F16, ActivationMode.Int8, threads: 3, expertOrder: 7, tileBytes: 1 << 20);
        List<float[]> expected = whole.Run(ids, 48);
        Assert.Equal(expected, cut.Run(ids, 17));
        Assert.Equal(expected, cut.Run(ids, 1, 30, 17)); // a second sequence in the same state
    }

    [Theory]
    [MemberData(nameof(Quantised))]
    public void QuantisedModel_DivergesFromExactArithmeticByItsActivationsOnly(string name)
    {
        GoldenCase golden = GoldenCase.Load(name);
        try
        {
            Assert.InRange(Compare(golden, KvType.F32, ActivationMode.F32).Divergence, -1e-9, 1e-6);
        }
        catch (UnsupportedModelException error) when (error.Message.Contains("tensor type", StringComparison.Ordinal))
        {
            Assert.Skip(error.Message);
        }

        double most = golden.PeerDivergence > 0.002 ? Math.Min(0.02, 3 * golden.PeerDivergence) : 0.02;
        Assert.InRange(Compare(golden, KvType.F16, ActivationMode.Int8).Divergence, -1e-9, most);
    }

    private LogitDistance Compare(GoldenCase golden, KvType kv, ActivationMode mode)
    {
        using MemoryModel model = new(golden.Model, golden.Context, kv, mode);
        LogitDistance distance = LogitDistance.Between(golden, model.Run(golden.Tokens, golden.Tokens.Length));
        log.WriteLine($"{golden.Name} {mode} worst {distance.Worst:e1} median {distance.MedianWorst:e1} divergence {distance.Divergence:e1} top-1 {distance.SameBest:f3} peer {golden.PeerDivergence:e1}");
        return distance;
    }
}
