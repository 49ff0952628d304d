using Xunit;

namespace LayerStream.Sampling.Tests;

/// <summary>Typical-p, top-nσ and XTC against values worked out from their definitions.</summary>
public sealed class TruncationTests
{
    private static readonly SamplingOptions s_plain = new() { Temperature = 1, TopK = 0, TopP = 1, MinP = 0, Seed = 1 };

    [Fact]
    public void TopNSigma_KnownLogits_KeepsThoseWithinNDeviations()
    {
        // Mean 4, deviation √((16+4+0+4+16)/5) = 2.828; the bar is 8 − 2.828 = 5.17 for n = 1 and 2.34 for n = 2.
        float[] logits = [0, 2, 4, 6, 8];
        Assert.Equal([3, 4], Survivors(s_plain with { TopNSigma = 1 }, logits));
        Assert.Equal([2, 3, 4], Survivors(s_plain with { TopNSigma = 2 }, logits));
        Assert.Equal([0, 1, 2, 3, 4], Survivors(s_plain with { TopNSigma = 3 }, logits));
    }

    [Fact]
    public void TopNSigma_MaskedTokens_DoNotCount() =>
        Assert.Equal([3, 4], Survivors(s_plain with { TopNSigma = 1 }, [0, 2, 4, 6, 8, float.NegativeInfinity, float.NegativeInfinity]));

    [Fact]
    public void TopNSigma_EqualLogits_KeepsAll() =>
        Assert.Equal([0, 1, 2], Survivors(s_plain with { TopNSigma = 0.5f }, [7e5f, 7e5f, 7e5f]));

    [Fact]
    public void TypicalP_KnownDistribution_KeepsTheLeastSurprisingFirst()
    {
        // p = .5 .25 .125 .125: entropy 1.75 bits; surprises 1, 2, 3, 3 bits lie .75, .25, 1.25, 1.25 away: order 1, 0, 2, 3.
        float[] logits = Logs(0.5, 0.25, 0.125, 0.125);
        Assert.Equal([1], Survivors(s_plain with { TypicalP = 0.2f }, logits));
        Assert.Equal([0, 1], Survivors(s_plain with { TypicalP = 0.5f }, logits));
        Assert.Equal([0, 1, 2], Survivors(s_plain with { TypicalP = 0.8f }, logits));
        Assert.Equal([0, 1, 2, 3], Survivors(s_plain with { TypicalP = 0.99f }, logits));
    }

    [Fact]
    public void TypicalP_Zero_KeepsOne() => Assert.Single(Survivors(s_plain with { TypicalP = 0 }, Logs(0.6, 0.3, 0.1)));

    [Fact]
    public void TypicalP_RandomDistributions_AreAsTheDefinition()
    {
        Random random = new(4);
        for (int round = 0; round < 100; round++)
        {
            float[] logits = [.. Enumerable.Range(0, random.Next(2, 40)).Select(_ => (float)(random.NextDouble() * 12))];
            double share = random.NextDouble();
            double total = logits.Sum(x => Math.Exp(x));
            double[] p = [.. logits.Select(x => Math.Exp(x) / total)];
            double entropy = -p.Sum(x => x * Math.Log(x));
            int[] order = [.. Enumerable.Range(0, p.Length).OrderBy(i => Math.Abs(-Math.Log(p[i]) - entropy))];
            int count = 1;
            while (order.Take(count).Sum(i => p[i]) < (float)share)
            {
                count++;
            }

            Assert.Equal(order.Take(count).Order(), Survivors(s_plain with { TypicalP = (float)share }, logits));
        }
    }

    [Fact]
    public void Xtc_CertainChance_RemovesAllTopChoicesButTheLast()
    {
        SamplingOptions options = s_plain with { XtcProbability = 1, XtcThreshold = 0.2f };
        Assert.Equal([2, 3], Survivors(options, Logs(0.4, 0.3, 0.25, 0.05)));
        Assert.Equal([0, 1, 2], Survivors(options, Logs(0.7, 0.15, 0.15)));
        Assert.Equal([0, 1], Survivors(options, Logs(0.85, 0.15)));
        Assert.Equal([1, 2], Survivors(options, [0.2f, 0.2f, -2f]));
    }

    [Fact]
    public void Xtc_HalfChance_RemovesHalfTheTime()
    {
        SamplerChain chain = new(s_plain with { XtcProbability = 0.5f, XtcThreshold = 0.1f });
        float[] logits = Logs(0.9, 0.1 + 1e-6);
        int second = Enumerable.Range(0, 20_000).Count(_ => chain.Sample((float[])logits.Clone(), []) == 1);
        Assert.InRange(second / 20_000.0, 0.53, 0.57); // ½ + ½ · 0.1
    }

    [Fact]
    public void Xtc_ThresholdAboveHalf_IsOff() =>
        Assert.DoesNotContain("xtc", new SamplerChain(s_plain with { XtcProbability = 1, XtcThreshold = 0.6f }).Steps);

    [Fact]
    public void Steps_AllOn_RunInTheDocumentedOrder()
    {
        SamplerChain chain = new(new SamplingOptions
        {
            LogitBias = new Dictionary<int, float> { [1] = 1 },
            RepeatPenalty = 1.1f,
            DryMultiplier = 1,
            TopNSigma = 2,
            TypicalP = 0.9f,
            XtcProbability = 0.1f,
        });
        Assert.Equal(["logit_bias", "penalties", "dry", "top_n_sigma", "top_k", "typical_p", "top_p", "min_p", "xtc", "temperature"],
            chain.Steps);
        Assert.Equal(SamplerSteps.Names, chain.Steps);
    }

    [Fact]
    public void Sample_AllOnWithOneSeed_DrawsTheSameOnAnyThread()
    {
        static int[] Draw()
        {
            SamplerChain chain = new(new SamplingOptions
            {
                Seed = 11,
                TopK = 0,
                DryMultiplier = 0.8f,
                TopNSigma = 3,
                TypicalP = 0.9f,
                XtcProbability = 0.5f,
                XtcThreshold = 0.01f
            });
            List<int> history = [1, 2, 3];
            for (int i = 0; i < 200; i++)
            {
                Random random = new(i);
                history.Add(chain.Sample([.. Enumerable.Range(0, 300).Select(_ => (float)(random.NextDouble() * 8))], history));
            }

            return [.. history];
        }

        int[][] runs = new int[4][];
        Parallel.For(0, runs.Length, i => runs[i] = Draw());
        Assert.All(runs, run => Assert.Equal(runs[0], run));
        Assert.True(runs[0].Distinct().Count() > 20);
    }

    private static float[] Logs(params double[] probabilities) => [.. probabilities.Select(p => (float)Math.Log(p))];

    // A long draw meets every token that is left; the steps keep what is far from negligible.
    private static int[] Survivors(SamplingOptions options, float[] logits)
    {
        SamplingOptions flat = options with { Temperature = 1e5f };
        SamplerChain chain = new(flat);
        return [.. Enumerable.Range(0, 100 * logits.Length).Select(_ => chain.Sample((float[])logits.Clone(), [])).Distinct().Order()];
    }
}
