namespace LayerStream.Sampling;

/// <summary>What a request may ask of the sampler. Defaults follow what local model servers use.</summary>
public sealed record SamplingOptions
{
    /// <summary>Most alternatives reported per token, as in the OpenAI API.</summary>
    public const int MostAlternatives = 20;

    /// <summary>0 = greedy (penalties and masks still apply); otherwise logits are divided by it before the draw.</summary>
    public float Temperature { get; init; } = 0.8f;

    /// <summary>Keep the k best tokens; 0 or −1 = off.</summary>
    public int TopK { get; init; } = 40;

    /// <summary>Keep the smallest set of best tokens whose probability reaches this; 1 = off.</summary>
    public float TopP { get; init; } = 0.95f;

    /// <summary>Keep tokens at least this share as probable as the best one; 0 = off.</summary>
    public float MinP { get; init; } = 0.05f;

    /// <summary>Keep the most typical tokens up to this probability; 1 = off.</summary>
    public float TypicalP { get; init; } = 1f;

    /// <summary>Keep logits within this many standard deviations of the best; 0 or −1 = off.</summary>
    public float TopNSigma { get; init; }

    /// <summary>Chance, per token, of removing the top choices; 0 = off.</summary>
    public float XtcProbability { get; init; }

    /// <summary>A top choice is at least this probable; above 0.5 there can be only one, which is off.</summary>
    public float XtcThreshold { get; init; } = 0.1f;

    /// <summary>Scale of the penalty for lengthening a repetition; 0 = off.</summary>
    public float DryMultiplier { get; init; }

    /// <summary>Growth of that penalty per token of the repetition.</summary>
    public float DryBase { get; init; } = 1.75f;

    /// <summary>Longest repetition that is not punished, plus one: the penalty begins here.</summary>
    public int DryAllowedLength { get; init; } = 2;

    /// <summary>How many of the last tokens are searched for repetitions; 0 = none, −1 = all.</summary>
    public int DryPenaltyLastN { get; init; } = -1;

    /// <summary>Texts across which no repetition is seen; none may be empty.</summary>
    public IReadOnlyList<string> DrySequenceBreakers { get; init; } = ["\n", ":", "\"", "*"];

    /// <summary>How many alternatives to report with each token's log-probability; null = report nothing.</summary>
    public int? LogProbabilities { get; init; }

    /// <summary>Divides positive and multiplies negative logits of tokens seen lately; 1 = off.</summary>
    public float RepeatPenalty { get; init; } = 1f;

    /// <summary>How many of the last tokens the penalties look at; 0 = none, −1 = all.</summary>
    public int RepeatLastN { get; init; } = 64;

    /// <summary>Subtracted from a logit for every time its token was seen lately; 0 = off.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Subtracted once from the logit of every token seen lately; 0 = off.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Added to the logits of single tokens by id; negative infinity bans a token. Ids beyond the vocabulary have no
    /// effect.</summary>
    public IReadOnlyDictionary<int, float>? LogitBias { get; init; }

    /// <summary>Seed of the draw; null = a fresh one per chain (see <see cref="SamplerChain.Seed"/>).</summary>
    public long? Seed { get; init; }

    /// <summary>Checks every option.</summary>
    /// <exception cref="ArgumentException">An option is out of range; the parameter name is the option's name.</exception>
    public void Validate()
    {
        RequireBetween(Temperature, 0f, 1e6f, nameof(Temperature));
        Require(TopK >= -1, nameof(TopK), "must be -1 or 0 (off) or a positive count", TopK);
        RequireBetween(TopP, 0f, 1f, nameof(TopP));
        RequireBetween(MinP, 0f, 1f, nameof(MinP));
        RequireBetween(RepeatPenalty, 0.01f, 100f, nameof(RepeatPenalty));
        Require(RepeatLastN >= -1, nameof(RepeatLastN), "must be -1 (all), 0 (none) or a positive count", RepeatLastN);
        RequireBetween(FrequencyPenalty, -1000f, 1000f, nameof(FrequencyPenalty));
        RequireBetween(PresencePenalty, -1000f, 1000f, nameof(PresencePenalty));
        RequireBetween(TypicalP, 0f, 1f, nameof(TypicalP));
        Require(TopNSigma == -1 || (TopNSigma >= 0 && TopNSigma <= 1e6f), nameof(TopNSigma),
            "must be -1 or 0 (off) or up to 1000000", TopNSigma);
        RequireBetween(XtcProbability, 0f, 1f, nameof(XtcProbability));
        RequireBetween(XtcThreshold, 0f, 1f, nameof(XtcThreshold));
        RequireBetween(DryMultiplier, 0f, 1000f, nameof(DryMultiplier));
        RequireBetween(DryBase, 1f, 100f, nameof(DryBase));
        Require(DryAllowedLength >= 1, nameof(DryAllowedLength), "must be 1 or more", DryAllowedLength);
        Require(DryPenaltyLastN >= -1, nameof(DryPenaltyLastN), "must be -1 (all), 0 (none) or a positive count", DryPenaltyLastN);
        Require(!DrySequenceBreakers.Any(string.IsNullOrEmpty), nameof(DrySequenceBreakers), "must not hold an empty text", 0);
        Require(LogProbabilities is null or >= 0 and <= MostAlternatives, nameof(LogProbabilities),
            $"must be between 0 and {MostAlternatives}", LogProbabilities ?? 0);
        foreach (KeyValuePair<int, float> bias in LogitBias ?? new Dictionary<int, float>())
        {
            Require(bias.Key >= 0, nameof(LogitBias), "must name token ids of 0 or more", bias.Key);
            Require(float.IsNegativeInfinity(bias.Value) || (bias.Value >= -1000f && bias.Value <= 1000f),
                nameof(LogitBias), "must be -infinity or between -1000 and 1000", bias.Value);
        }
    }

    private static void RequireBetween(float value, float low, float high, string name) =>
        Require(value >= low && value <= high, name, FormattableString.Invariant($"must be between {low} and {high}"), value);

    private static void Require(bool holds, string name, string rule, IFormattable value)
    {
        if (!holds)
        {
            string shown = value.ToString(null, System.Globalization.CultureInfo.InvariantCulture);
            throw new ArgumentException($"{name} {rule}; it is {shown}.", name);
        }
    }
}
