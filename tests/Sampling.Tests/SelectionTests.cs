using Xunit;

namespace LayerStream.Sampling.Tests;

/// <summary>What each selection step leaves, seen by counting which tokens are ever drawn or by a probing last step.</summary>
public sealed class SelectionTests
{
    private static readonly SamplingOptions s_plain = new() { Temperature = 1, TopK = 0, TopP = 1, MinP = 0, Seed = 7 };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(63)]
    [InlineData(500)]
    [InlineData(5000)]
    public void TakeTop_AnyK_EqualsFullSort(int k)
    {
        Xoshiro256 random = new(11);
        // few distinct values, so that ties cross the border
        float[] logits = [.. Enumerable.Range(0, 1000).Select(_ => (float)(random.NextUInt64() % 50))];
        logits[3] = float.NegativeInfinity;
        Candidates candidates = new();
        candidates.TakeTop(logits, k);
        int[] expected = [.. Enumerable.Range(0, 1000).Where(i => i != 3).OrderByDescending(i => logits[i]).ThenBy(i => i).Take(k)];
        Assert.Equal(expected, candidates.Ids.ToArray());
        Assert.True(candidates.IsSorted);
    }

    [Theory]
    [InlineData(0.0, 1)]
    [InlineData(0.39, 1)]
    [InlineData(0.41, 2)]
    [InlineData(0.69, 2)]
    [InlineData(0.71, 3)]
    [InlineData(0.91, 4)]
    [InlineData(1.0, 4)]
    public void KeepMass_SortedOrNot_KeepsSmallestSet(double share, int kept)
    {
        float[] logits = [MathF.Log(0.1f), MathF.Log(0.4f), MathF.Log(0.2f), MathF.Log(0.3f)];
        int[] best = [1, 3, 2, 0];
        Candidates unsorted = new();
        unsorted.Take(logits);
        unsorted.KeepMass(share);
        Candidates sorted = new();
        sorted.TakeTop(logits, 4);
        sorted.KeepMass(share);
        Assert.Equal(best[..kept], unsorted.Ids.ToArray());
        Assert.Equal(best[..kept], sorted.Ids.ToArray());
        Assert.Equal(kept, unsorted.Values.ToArray().Distinct().Count());
    }

    [Fact]
    public void KeepMass_ManyEqual_KeepsLowIdsInOrder()
    {
        Candidates candidates = new();
        candidates.Take(new float[100]);
        candidates.KeepMass(0.095);
        Assert.Equal(Enumerable.Range(0, 10), candidates.Ids.ToArray());
    }

    [Fact]
    public void MinP_Half_DropsTokensBelowHalfOfBest()
    {
        Assert.Equal([1, 2], Drawn(s_plain with { MinP = 0.5f }, [MathF.Log(0.1f), MathF.Log(0.5f), MathF.Log(0.3f), MathF.Log(0.1f)]));
    }

    [Fact]
    public void MinP_One_KeepsOnlyTheBest()
    {
        Assert.Equal([1], Drawn(s_plain with { MinP = 1f }, [0f, 2f, 1f]));
    }

    [Fact]
    public void TopP_Zero_KeepsOnlyTheBest()
    {
        Assert.Equal([1], Drawn(s_plain with { TopP = 0f }, [0f, 2f, 1.9f]));
    }

    [Fact]
    public void Temperature_Low_SharpensTowardsTheBest()
    {
        float[] logits = [1f, 2f, 1.5f];
        Assert.Equal([0, 1, 2], Drawn(s_plain with { Temperature = 1f }, logits));
        Assert.Equal([1], Drawn(s_plain with { Temperature = 0.01f }, logits));
    }

    [Fact]
    public void Sample_MaskedToken_IsNeverDrawn()
    {
        Assert.Equal([0, 2], Drawn(s_plain with { Temperature = 1e6f }, [0f, float.NegativeInfinity, 0f]));
    }

    private static int[] Drawn(SamplingOptions options, float[] logits)
    {
        SamplerChain chain = new(options);
        return [.. Enumerable.Range(0, 2000).Select(_ => chain.Sample((float[])logits.Clone(), [])).Distinct().Order()];
    }
}
