using Xunit;

namespace LayerStream.Sampling.Tests;

public sealed class SamplerChainTests
{
    private static readonly SamplingOptions s_plain = new() { Temperature = 1, TopK = 0, TopP = 1, MinP = 0, Seed = 1 };

    [Fact]
    public void Sample_TemperatureZeroWithTie_TakesLowestIndex()
    {
        SamplerChain chain = new(new SamplingOptions { Temperature = 0 });
        Assert.Equal(2, chain.Sample([-1f, 0f, 5f, 5f, 5f], []));
    }

    [Fact]
    public void Sample_GreedyWithPenalty_AvoidsRepeatedToken()
    {
        SamplerChain chain = new(new SamplingOptions { Temperature = 0, RepeatPenalty = 2f });
        Assert.Equal(1, chain.Sample([5f, 4f, 1f], [0]));
        Assert.Equal(0, chain.Sample([5f, 4f, 1f], []));
    }

    [Fact]
    public void Sample_RepeatPenalty_DividesPositiveAndMultipliesNegativeOnce()
    {
        float[] logits = [4f, -4f, 1f];
        new SamplerChain(s_plain with { RepeatPenalty = 2f }).Sample(logits, [0, 0, 1, 1, 1]);
        Assert.Equal([2f, -8f, 1f], logits);
    }

    [Fact]
    public void Sample_FrequencyAndPresence_SubtractPerSightingAndOnce()
    {
        float[] logits = [4f, 4f, 4f];
        new SamplerChain(s_plain with { FrequencyPenalty = 0.5f, PresencePenalty = 0.25f }).Sample(logits, [0, 0, 1]);
        Assert.Equal([2.75f, 3.25f, 4f], logits);
    }

    [Theory]
    [InlineData(1, 4f, 2f)]
    [InlineData(2, 2f, 2f)]
    [InlineData(-1, 2f, 2f)]
    [InlineData(0, 4f, 4f)]
    public void Sample_RepeatLastN_LimitsHistory(int lastN, float first, float second)
    {
        float[] logits = [4f, 4f];
        new SamplerChain(s_plain with { RepeatPenalty = 2f, RepeatLastN = lastN }).Sample(logits, [0, 1]);
        Assert.Equal([first, second], logits);
    }

    [Fact]
    public void Sample_HistoryOutsideVocabulary_IsIgnored()
    {
        float[] logits = [4f, 4f];
        new SamplerChain(s_plain with { RepeatPenalty = 2f }).Sample(logits, [-1, 7, int.MaxValue]);
        Assert.Equal([4f, 4f], logits);
    }

    [Fact]
    public void Sample_TopKOne_EqualsGreedy()
    {
        SamplerChain chain = new(s_plain with { TopK = 1 });
        for (int i = 0; i < 50; i++)
        {
            Assert.Equal(1, chain.Sample([0f, 3f, 3f, 2f], []));
        }
    }

    [Fact]
    public void Sample_LogitBias_BansAndPromotes()
    {
        SamplingOptions options = new()
        {
            Temperature = 0,
            LogitBias = new Dictionary<int, float> { [0] = float.NegativeInfinity, [2] = 10, [99] = 5 }
        };
        Assert.Equal(2, new SamplerChain(options).Sample([9f, 3f, 1f], []));
    }

    [Fact]
    public void Sample_CustomMask_SeesBytesAndWins()
    {
        byte[][] bytes = [[(byte)'a'], [(byte)'b'], [(byte)'a']];
        foreach (float temperature in new[] { 0f, 1f })
        {
            SamplerChain chain = new(s_plain with { Temperature = temperature }, id => bytes[id], [new OnlyLetterB()]);
            Assert.Equal(1, chain.Sample([9f, -9f, 8f], []));
        }
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(0.8f)]
    public void Sample_NaNOrInfinityAnywhere_ThrowsWithTokenId(float temperature)
    {
        SamplerChain chain = new(new SamplingOptions { Temperature = temperature, Seed = 3 });
        for (int length = 1; length < 40; length++)
        {
            foreach (float bad in new[] { float.NaN, float.PositiveInfinity })
            {
                float[] logits = new float[length];
                logits[length / 2] = bad;
                Assert.Equal(length / 2, Assert.Throws<InvalidLogitsException>(() => chain.Sample(logits, [])).Token);
            }
        }
    }

    [Fact]
    public void Sample_AllMasked_Throws()
    {
        SamplerChain chain = new(new SamplingOptions());
        Assert.Equal(-1, Assert.Throws<InvalidLogitsException>(() => chain.Sample([float.NegativeInfinity], [])).Token);
        Assert.Equal(-1, Assert.Throws<InvalidLogitsException>(() => chain.Sample([], [])).Token);
    }

    [Fact]
    public void Sample_SameSeed_DrawsSameTokens()
    {
        static int[] Draw(long seed)
        {
            SamplerChain chain = new(new SamplingOptions { Seed = seed });
            return [.. Enumerable.Range(0, 200).Select(i => chain.Sample(Noise(500, (ulong)i), []))];
        }
        int[] first = Draw(42);
        Assert.Equal(first, Draw(42));
        Assert.NotEqual(first, Draw(43));
        int[][] parallel = new int[8][];
        Parallel.For(0, 8, i => parallel[i] = Draw(42));
        Assert.All(parallel, ids => Assert.Equal(first, ids));
    }

    [Fact]
    public void Sample_NoSeed_ReportsOneThatReplays()
    {
        SamplerChain chain = new(s_plain with { Seed = null });
        SamplerChain replay = new(s_plain with { Seed = chain.Seed });
        Assert.Equal(
            Enumerable.Range(0, 50).Select(i => chain.Sample(Noise(99, (ulong)i), [])).ToArray(),
            Enumerable.Range(0, 50).Select(i => replay.Sample(Noise(99, (ulong)i), [])).ToArray());
    }

    [Fact]
    public void Sample_NoFilters_FollowsSoftmax()
    {
        SamplerChain chain = new(s_plain);
        double[] shares = new double[3];
        const int Draws = 30_000;
        for (int i = 0; i < Draws; i++)
        {
            shares[chain.Sample([MathF.Log(0.2f), MathF.Log(0.5f), MathF.Log(0.3f)], [])] += 1.0 / Draws;
        }
        Assert.Equal(0.2, shares[0], 0.02);
        Assert.Equal(0.5, shares[1], 0.02);
        Assert.Equal(0.3, shares[2], 0.02);
    }

    [Theory]
    [InlineData(1e-40f)]
    [InlineData(1e6f)]
    public void Sample_ExtremeTemperature_StaysDefined(float temperature)
    {
        SamplerChain chain = new(s_plain with { Temperature = temperature });
        Assert.InRange(chain.Sample([-1e30f, 1e30f, 0f], []), 0, 2);
    }

    [Theory]
    [InlineData(40)]
    [InlineData(0)]
    public void Sample_SteadyState_AllocatesNothing(int topK)
    {
        SamplingOptions options = new() { TopK = topK, RepeatPenalty = 1.1f, FrequencyPenalty = 0.1f, Seed = 5 };
        SamplerChain chain = new(options, vocabularySize: 2000);
        float[] source = Noise(2000, 9);
        float[] logits = new float[2000];
        List<int> history = new(1000) { 1, 2, 3 };
        for (int i = 0; i < 20; i++)
        {
            source.CopyTo(logits, 0);
            history.Add(chain.Sample(logits, history));
        }
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            source.CopyTo(logits, 0);
            history.Add(chain.Sample(logits, history));
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static float[] Noise(int count, ulong seed)
    {
        Xoshiro256 random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() * 10))];
    }

    private sealed class OnlyLetterB : ISamplerStep
    {
        public string Name => "only_b";

        public void Apply(SamplerContext context)
        {
            for (int id = 0; id < context.Logits.Length; id++)
            {
                if (context.TokenBytes(id).Span[0] != (byte)'b')
                {
                    context.Mask(id);
                }
            }
        }
    }
}
