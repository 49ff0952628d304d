using System.Text.Json;
using LayerStream.Sampling;
using LayerStream.Session;

namespace LayerStream.Host.Remote;

/// <summary>What is asked of a daemon: a chat completion, streamed. Null = the daemon's own default.</summary>
internal sealed record RemoteRequest
{
    /// <summary>Name of the model.</summary>
    public string Model { get; init; } = "default";

    /// <summary>The conversation.</summary>
    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    /// <summary>Always so: an answer may take minutes.</summary>
    public bool Stream { get; } = true;

    /// <summary>Asks for the count of tokens.</summary>
    public RemoteStreamOptions StreamOptions { get; } = new(true);

    /// <summary>Asks for how far the prompt is.</summary>
    public bool? ReturnProgress { get; init; }

    /// <summary>Most tokens of the answer.</summary>
    public int MaxTokens { get; init; }

    /// <summary>Texts that end the answer.</summary>
    public IReadOnlyList<string>? Stop { get; init; }

    /// <summary>Whether the model's end tokens do not count.</summary>
    public bool? IgnoreEos { get; init; }

    /// <summary>A schema that the answer must meet.</summary>
    public JsonElement? JsonSchema { get; init; }

    /// <summary>A grammar in GBNF that the answer must be a text of.</summary>
    public string? Grammar { get; init; }

    /// <summary>A regular expression of the whole answer.</summary>
    public string? GuidedRegex { get; init; }

    /// <summary>Texts among which to choose.</summary>
    public IReadOnlyList<string>? GuidedChoice { get; init; }

    public float? Temperature { get; init; }

    public int? TopK { get; init; }

    public float? TopP { get; init; }

    public float? MinP { get; init; }

    public float? TypicalP { get; init; }

    public float? TopNSigma { get; init; }

    public float? XtcProbability { get; init; }

    public float? XtcThreshold { get; init; }

    public float? DryMultiplier { get; init; }

    public float? DryBase { get; init; }

    public int? DryAllowedLength { get; init; }

    public int? DryPenaltyLastN { get; init; }

    public IReadOnlyList<string>? DrySequenceBreakers { get; init; }

    public float? RepeatPenalty { get; init; }

    public int? RepeatLastN { get; init; }

    public float? FrequencyPenalty { get; init; }

    public float? PresencePenalty { get; init; }

    public IReadOnlyDictionary<string, float>? LogitBias { get; init; }

    public long? Seed { get; init; }

    /// <summary>With what of the sampling is not as it was when nobody had said anything: that the daemon decides.</summary>
    public RemoteRequest With(SamplingOptions o, SamplingOptions usual) => this with
    {
        Temperature = Said(o.Temperature, usual.Temperature),
        TopK = Said(o.TopK, usual.TopK),
        TopP = Said(o.TopP, usual.TopP),
        MinP = Said(o.MinP, usual.MinP),
        TypicalP = Said(o.TypicalP, usual.TypicalP),
        TopNSigma = Said(o.TopNSigma, usual.TopNSigma),
        XtcProbability = Said(o.XtcProbability, usual.XtcProbability),
        XtcThreshold = Said(o.XtcThreshold, usual.XtcThreshold),
        DryMultiplier = Said(o.DryMultiplier, usual.DryMultiplier),
        DryBase = Said(o.DryBase, usual.DryBase),
        DryAllowedLength = Said(o.DryAllowedLength, usual.DryAllowedLength),
        DryPenaltyLastN = Said(o.DryPenaltyLastN, usual.DryPenaltyLastN),
        DrySequenceBreakers = o.DrySequenceBreakers.SequenceEqual(usual.DrySequenceBreakers) ? null : o.DrySequenceBreakers,
        RepeatPenalty = Said(o.RepeatPenalty, usual.RepeatPenalty),
        RepeatLastN = Said(o.RepeatLastN, usual.RepeatLastN),
        FrequencyPenalty = Said(o.FrequencyPenalty, usual.FrequencyPenalty),
        PresencePenalty = Said(o.PresencePenalty, usual.PresencePenalty),
        LogitBias = o.LogitBias?.ToDictionary(b => b.Key.ToString(System.Globalization.CultureInfo.InvariantCulture), b => b.Value),
        Seed = o.Seed,
    };

    private static T? Said<T>(T value, T usual)
        where T : struct => value.Equals(usual) ? null : value;
}

/// <summary>Options of a stream.</summary>
/// <param name="IncludeUsage">Whether its end counts tokens.</param>
internal sealed record RemoteStreamOptions(bool IncludeUsage);
