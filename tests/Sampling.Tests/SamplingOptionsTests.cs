using Xunit;

namespace LayerStream.Sampling.Tests;

public sealed class SamplingOptionsTests
{
    public static TheoryData<string, SamplingOptions> Bad()
    {
        TheoryData<string, SamplingOptions> data = [];
        foreach (float value in new[] { -1f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, (float)1e308 })
        {
            data.Add("Temperature", new SamplingOptions { Temperature = value });
            data.Add("TopP", new SamplingOptions { TopP = value });
            data.Add("MinP", new SamplingOptions { MinP = value });
            data.Add("RepeatPenalty", new SamplingOptions { RepeatPenalty = value });
        }
        foreach (float value in new[] { float.NaN, float.PositiveInfinity, (float)-1e308, 1e9f })
        {
            data.Add("FrequencyPenalty", new SamplingOptions { FrequencyPenalty = value });
            data.Add("PresencePenalty", new SamplingOptions { PresencePenalty = value });
            data.Add("LogitBias",
                new SamplingOptions
                {
                    LogitBias = new Dictionary<int, float>
                    {
                        [1] = float.IsNegativeInfinity(value) ? float.NaN
                : value
                    }
                });
        }
        foreach (float value in new[] { float.NaN, float.PositiveInfinity, -2f })
        {
            data.Add("TypicalP", new SamplingOptions { TypicalP = value });
            data.Add("TopNSigma", new SamplingOptions { TopNSigma = value });
            data.Add("XtcProbability", new SamplingOptions { XtcProbability = value });
            data.Add("XtcThreshold", new SamplingOptions { XtcThreshold = value });
            data.Add("DryMultiplier", new SamplingOptions { DryMultiplier = value });
            data.Add("DryBase", new SamplingOptions { DryBase = value });
        }
        data.Add("DryAllowedLength", new SamplingOptions { DryAllowedLength = 0 });
        data.Add("DryPenaltyLastN", new SamplingOptions { DryPenaltyLastN = -2 });
        data.Add("DrySequenceBreakers", new SamplingOptions { DrySequenceBreakers = ["a", ""] });
        data.Add("LogProbabilities", new SamplingOptions { LogProbabilities = -1 });
        data.Add("TopP", new SamplingOptions { TopP = 1.5f });
        data.Add("RepeatPenalty", new SamplingOptions { RepeatPenalty = 0 });
        data.Add("TopK", new SamplingOptions { TopK = -2 });
        data.Add("TopK", new SamplingOptions { TopK = int.MinValue });
        data.Add("RepeatLastN", new SamplingOptions { RepeatLastN = -2 });
        data.Add("LogitBias", new SamplingOptions { LogitBias = new Dictionary<int, float> { [-1] = 0 } });
        return data;
    }

    [Theory]
    [MemberData(nameof(Bad), DisableDiscoveryEnumeration = true)]
    public void Constructor_BadOption_NamesIt(string name, SamplingOptions options)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => new SamplerChain(options));
        Assert.Equal(name, error.ParamName);
        Assert.StartsWith(name, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(int.MaxValue)]
    public void TopK_OffOrHuge_IsFine(int topK)
    {
        Assert.InRange(new SamplerChain(new SamplingOptions { TopK = topK, Seed = long.MinValue }).Sample([1f, 2f], [0]), 0, 1);
    }
}
