namespace LayerStream.Sampling;

/// <summary>What a request may ask of the sampler. Defaults follow what local model servers use.</summary>
public sealed record SamplingOptions
{
    /// <summary>0 = greedy (penalties and masks still apply); otherwise logits are divided by it before the draw.</summary>
    public float Temperature { get; init; } = 0.8f;

    /// <summary>Keep the k best tokens; 0 or −1 = off.</summary>
    public int TopK { get; init; } = 40;

    /// <summary>Keep the smallest set of best tokens whose probability reaches this; 1 = off.</summary>
    public float TopP { get; init; } = 0.95f;

    /// <summary>Keep tokens at least this share as probable as the best one; 0 = off.</summary>
    public float MinP { get; init; } = 0.05f;

    /// <summary>Divides positive and multiplies negative logits of tokens seen lately; 1 = off.</summary>
    public float RepeatPenalty { get; init; } = 1f;

    /// <summary>How many of the last tokens the penalties look at; 0 = none, −1 = all.</summary>
    public int RepeatLastN { get; init; } = 64;

    /// <summary>Subtracted from a logit for every time its token was seen lately; 0 = off.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Subtracted once from the logit of every token seen lately; 0 = off.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Added to the logits of single tokens by id; negative infinity bans a token. Ids beyond the vocabulary have no effect.</summary>
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
