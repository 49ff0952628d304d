using System.Globalization;
using LayerStream.Sampling;
using LayerStream.Session;

namespace LayerStream.Host.Options;

/// <summary>The options of sampling: a row each, with what its text does.</summary>
internal static class SamplingFlags
{
    private static readonly Row[] s_rows =
    [
        new("temperature", "0 = always the likeliest token", (o, n, t) => o with { Temperature = OptionText.Real(n, t) }),
        new("top-k", "keep the K likeliest tokens, 0 = all", (o, n, t) => o with { TopK = OptionText.Whole(n, t, 0, int.MaxValue) }),
        new("top-p", "keep the likeliest tokens up to this mass", (o, n, t) => o with { TopP = OptionText.Real(n, t) }),
        new("min-p", "drop tokens below this share of the likeliest", (o, n, t) => o with { MinP = OptionText.Real(n, t) }),
        new("typical-p", "keep the most typical tokens up to this mass, 1 = all", (o, n, t) => o with { TypicalP = OptionText.Real(n, t) }),
        new("top-n-sigma", "keep logits within N standard deviations of the best, 0 = all",
            (o, n, t) => o with { TopNSigma = OptionText.Real(n, t) }),
        new("xtc-probability", "chance of removing the top choices of a token, 0 = none",
            (o, n, t) => o with { XtcProbability = OptionText.Real(n, t) }),
        new("xtc-threshold", "least probability of a top choice", (o, n, t) => o with { XtcThreshold = OptionText.Real(n, t) }),
        new("repeat-penalty", "1 = none", (o, n, t) => o with { RepeatPenalty = OptionText.Real(n, t) }),
        new("repeat-last-n", "tokens the penalties look back at, -1 = all",
            (o, n, t) => o with { RepeatLastN = OptionText.Whole(n, t, -1, int.MaxValue) }),
        new("frequency-penalty", "subtracted for every sighting of a token",
            (o, n, t) => o with { FrequencyPenalty = OptionText.Real(n, t) }),
        new("presence-penalty", "subtracted once for a token seen", (o, n, t) => o with { PresencePenalty = OptionText.Real(n, t) }),
        new("dry-multiplier", "scale of the penalty for lengthening a repetition, 0 = none",
            (o, n, t) => o with { DryMultiplier = OptionText.Real(n, t) }),
        new("dry-base", "growth of that penalty per token", (o, n, t) => o with { DryBase = OptionText.Real(n, t) }),
        new("dry-allowed-length", "repetition at which it begins",
            (o, n, t) => o with { DryAllowedLength = OptionText.Whole(n, t, 1, int.MaxValue) }),
        new("dry-penalty-last-n", "tokens searched for repetitions, -1 = all",
            (o, n, t) => o with { DryPenaltyLastN = OptionText.Whole(n, t, -1, int.MaxValue) }),
        new("seed", "seed of the draw", (o, n, t) => o with { Seed = OptionText.Seed(n, t) }),
    ];

    private static readonly ListRow[] s_lists =
    [
        new("logit-bias", "ID=VALUE added to a token's logit, -inf bans it (repeatable)", (o, n, t) => o with { LogitBias = Bias(n, t) }),
        new("dry-sequence-breakers", "text across which no repetition is seen, none for no such text (repeatable)",
            (o, _, t) => o with { DrySequenceBreakers = Breakers(t) }),
    ];

    /// <summary>Names and help of the options with one value.</summary>
    public static IEnumerable<(string Name, string Help)> Texts => s_rows.Select(row => (row.Name, row.Help));

    /// <summary>Names and help of the options that may repeat.</summary>
    public static IEnumerable<(string Name, string Help)> Lists => s_lists.Select(row => (row.Name, row.Help));

    /// <summary>The sampling that the options ask for.</summary>
    /// <param name="read">Value of an option, or null.</param>
    /// <param name="readList">Values of an option that may repeat.</param>
    /// <exception cref="UsageException">A value cannot be read or is out of range.</exception>
    public static SamplingOptions Bind(Func<string, string?> read, Func<string, IReadOnlyList<string>> readList)
    {
        SamplingOptions options = new();
        foreach (Row row in s_rows)
        {
            options = read(row.Name) is { } text ? row.Apply(options, row.Name, text) : options;
        }

        foreach (ListRow row in s_lists)
        {
            options = readList(row.Name) is { Count: > 0 } texts ? row.Apply(options, row.Name, texts) : options;
        }

        return Checked(options);
    }

    /// <summary>The options with one of them changed.</summary>
    /// <exception cref="UsageException">There is none of that name, or the value cannot be read or is out of range.</exception>
    public static SamplingOptions With(SamplingOptions options, string name, string value) =>
        Array.Find(s_rows, r => r.Name == name) is { } row ? Checked(row.Apply(options, name, value))
            : throw new UsageException($"There is no {name} to set. Names: {string.Join(", ", s_rows.Select(r => r.Name))}.");

    /// <summary>The options if they are in order.</summary>
    /// <exception cref="UsageException">One is out of range.</exception>
    public static SamplingOptions Checked(SamplingOptions options)
    {
        try
        {
            options.Validate();
            return options;
        }
        catch (ArgumentException e)
        {
            throw new UsageException(e.Message);
        }
    }

    private static Dictionary<int, float> Bias(string name, IReadOnlyList<string> texts)
    {
        Dictionary<int, float> bias = [];
        foreach (string text in texts)
        {
            string[] parts = text.Split('=');
            if (parts.Length != 2 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int id))
            {
                throw new UsageException($"--{name} takes ID=VALUE, not '{text}'.");
            }

            bias[id] = parts[1] is "-inf" or "-Infinity" ? float.NegativeInfinity : OptionText.Real(name, parts[1]);
        }

        return bias;
    }

    private static string[] Breakers(IReadOnlyList<string> texts) =>
        [.. texts.Where(text => text is not ("none" or ""))
            .Select(text => text.Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\t", "\t", StringComparison.Ordinal))];

    private sealed record Row(string Name, string Help, Func<SamplingOptions, string, string, SamplingOptions> Apply);

    private sealed record ListRow(string Name, string Help, Func<SamplingOptions, string, IReadOnlyList<string>, SamplingOptions> Apply);
}
