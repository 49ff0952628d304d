using Xunit;

namespace LayerStream.Sampling.Tests;

public sealed class LogProbabilityTests
{
    [Fact]
    public void LogProbabilities_ModelLogits_AreTheirSoftmaxBeforeEveryStep()
    {
        SamplerChain chain = new(new SamplingOptions
        {
            Temperature = 0.3f,
            TopK = 1,
            RepeatPenalty = 5,
            DryMultiplier = 1,
            LogitBias = new Dictionary<int, float> { [0] = float.NegativeInfinity },
            LogProbabilities = 3,
        });
        float[] logits = [.. new[] { 0.4, 0.3, 0.2, 0.1 }.Select(p => (float)(Math.Log(p) + 5))];
        int token = chain.Sample(logits, [1, 1, 1]);
        TokenLogProbabilities report = chain.LogProbabilities!;
        Assert.Equal(2, token);
        Assert.Equal(2, report.Chosen.Id);
        Assert.Equal(Math.Log(0.2), report.Chosen.Value, 1e-5);
        Assert.Equal([0, 1, 2], report.Top.Select(t => t.Id));
        Assert.All(report.Top.Zip(new[] { 0.4, 0.3, 0.2 }), pair => Assert.Equal(Math.Log(pair.Second), pair.First.Value, 1e-5));
    }

    [Fact]
    public void LogProbabilities_MaskedAndTiedLogits_LowerIdsFirstAndNothingBeyond()
    {
        SamplerChain chain = new(new SamplingOptions { Temperature = 0, LogProbabilities = 5 });
        chain.Sample([1f, float.NegativeInfinity, 1f], []);
        Assert.Equal([0, 2], chain.LogProbabilities!.Top.Select(t => t.Id));
        Assert.Equal(-Math.Log(2), chain.LogProbabilities.Chosen.Value, 1e-6);
    }

    [Fact]
    public void LogProbabilities_ZeroOrNotAsked_NoAlternativesOrNothing()
    {
        SamplerChain chain = new(new SamplingOptions { Temperature = 0, LogProbabilities = 0 });
        chain.Sample([1f, 2f], []);
        Assert.Empty(chain.LogProbabilities!.Top);
        SamplerChain silent = new(new SamplingOptions { Temperature = 0 });
        silent.Sample([1f, 2f], []);
        Assert.Null(silent.LogProbabilities);
        Assert.Throws<ArgumentException>(() => new SamplerChain(new SamplingOptions { LogProbabilities = 21 }));
    }
}
