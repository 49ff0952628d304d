using System.Text;
using Xunit;

namespace LayerStream.Sampling.Tests;

public sealed class DryTests
{
    private static readonly SamplingOptions s_dry = new() { Temperature = 0, DryMultiplier = 0.8f, DryBase = 1.75f, DryAllowedLength = 2 };

    [Fact]
    public void Sample_RepetitionOfThree_CostsMultiplierTimesBase()
    {
        // … 1 2 3 4 … 1 2 3: token 4 would lengthen a repetition of 3, one beyond the allowed 2: 0.8 · 1.75.
        float[] logits = Penalised(s_dry, [1, 2, 3, 4, 9, 1, 2, 3]);
        Assert.Equal(-0.8 * 1.75, logits[4], 1e-6);
        Assert.Equal(1, logits.Count(x => x != 0));
    }

    [Fact]
    public void Sample_RepetitionShorterThanAllowed_CostsNothing() =>
        Assert.All(Penalised(s_dry, [1, 2, 9, 5, 2]), x => Assert.Equal(0, x));

    [Fact]
    public void Sample_SeveralPlaces_TheLongestRepetitionCounts()
    {
        float[] logits = Penalised(s_dry, [5, 2, 3, 7, 4, 1, 2, 3, 7, 6, 4, 1, 2, 3]);
        Assert.Equal(-0.8 * Math.Pow(1.75, 4 - 2), logits[7], 1e-5);
    }

    [Fact]
    public void Sample_SequenceBreaker_EndsTheRepetitionAndIsNotPunished()
    {
        string[] texts = ["a", "b", "c", "d", "\n", " x\n", ":", "="];
        SamplerChain Chain(params string[] breakers) =>
            new(s_dry with { DrySequenceBreakers = breakers }, id => Encoding.UTF8.GetBytes(texts[id]));
        Assert.Equal(-0.8 * Math.Pow(1.75, 3), Apply(Chain(), [0, 1, 4, 2, 3, 3, 0, 1, 4, 2, 3], 8)[3]
            + Apply(Chain(), [0, 1, 4, 2, 3, 3, 0, 1, 4, 2, 3], 8)[0], 1e-5);
        Assert.Equal(-0.8, Apply(Chain("\n"), [0, 1, 4, 2, 3, 3, 0, 1, 4, 2, 3], 8)[3], 1e-5);
        Assert.All(Apply(Chain("\n"), [0, 1, 2, 5, 3, 0, 1, 2], 8), x => Assert.Equal(0, x));
        Assert.All(Apply(Chain("x\n"), [0, 1, 5, 0, 1, 5], 8), x => Assert.Equal(0, x));
        Assert.All(Apply(Chain(":="), [6, 7, 0, 6, 7], 8), x => Assert.Equal(0, x));
        Assert.Equal(-0.8, Apply(Chain(":="), [6, 0, 1, 6, 0], 8)[1], 1e-5);
    }

    [Fact]
    public void Sample_LastN_SeesOnlyTheEnd()
    {
        int[] history = [1, 2, 3, 4, 9, 1, 2, 3];
        Assert.All(Penalised(s_dry with { DryPenaltyLastN = 4 }, history), x => Assert.Equal(0, x));
        Assert.NotEqual(0, Penalised(s_dry with { DryPenaltyLastN = 8 }, history)[4]);
    }

    [Fact]
    public void Sample_RandomHistories_AreAsTheDefinition()
    {
        Random random = new(6);
        SamplerChain kept = new(s_dry);
        for (int round = 0; round < 300; round++)
        {
            int[] history = [.. Enumerable.Range(0, random.Next(60)).Select(_ => random.Next(3))];
            double[] expected = new double[10];
            for (int id = 0; id < 3; id++)
            {
                int longest = Enumerable.Range(1, Math.Max(0, history.Length - 1)).Where(i => history[i] == id)
                    .Select(i => Enumerable.Range(1, i).TakeWhile(n => history[i - n] == history[^n]).Count()).DefaultIfEmpty(0).Max();
                expected[id] = longest >= 2 ? -Math.Min(0.8f * Math.Pow(1.75, longest - 2), 1e30) : 0;
            }

            float[] actual = Apply(kept, history, 10);
            Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, Math.Abs(pair.First * 1e-5)));
        }
    }

    [Fact]
    public void Sample_EndlessRepetition_StaysFiniteAndLinear()
    {
        int[] history = new int[200_000];
        float[] logits = Penalised(s_dry with { DryMultiplier = 1000, DryBase = 100 }, history);
        Assert.True(logits[0] < -1e29f && float.IsFinite(logits[0]));
        Assert.Equal(1, new SamplerChain(s_dry with { Temperature = 0.8f }).Sample([9f, 1f], history));
    }

    private static float[] Penalised(SamplingOptions options, int[] history) => Apply(new SamplerChain(options), history, 10);

    private static float[] Apply(SamplerChain chain, int[] history, int vocabulary)
    {
        float[] logits = new float[vocabulary];
        chain.Sample(logits, history);
        return logits;
    }
}
