using System.Globalization;
using System.Text.Json;
using LayerStream.Host.Server.Http;
using LayerStream.Sampling;

namespace LayerStream.Host.Server.Chat;

/// <summary>Members of a request that say how tokens are drawn.</summary>
internal static class SamplingParameters
{
    /// <summary>The rows.</summary>
    public static IReadOnlyList<Parameter> Rows { get; } =
    [
        Number("temperature", 0, 1000, (s, x) => s with { Temperature = x }),
        Number("top_p", 0, 1, (s, x) => s with { TopP = x }),
        Whole("top_k", -1, int.MaxValue, (s, x) => s with { TopK = (int)x }),
        Number("min_p", 0, 1, (s, x) => s with { MinP = x }),
        Number("typical_p", 0, 1, (s, x) => s with { TypicalP = x }),
        Number("top_n_sigma", -1, 1e6, (s, x) => s with { TopNSigma = Math.Max(0, x) }),
        Number("xtc_probability", 0, 1, (s, x) => s with { XtcProbability = x }),
        Number("xtc_threshold", 0, 1, (s, x) => s with { XtcThreshold = x }),
        Number("dry_multiplier", 0, 1000, (s, x) => s with { DryMultiplier = x }),
        Number("dry_base", 1, 100, (s, x) => s with { DryBase = x }),
        Whole("dry_allowed_length", 1, int.MaxValue, (s, x) => s with { DryAllowedLength = (int)x }),
        Whole("dry_penalty_last_n", -1, int.MaxValue, (s, x) => s with { DryPenaltyLastN = (int)x }),
        Row("dry_sequence_breakers", "up to 16 texts", (s, v, n) => s with { DrySequenceBreakers = ParameterValues.Texts(v, n) }),
        Row("seed", "any whole number of 64 bits", (s, v, n) => s with { Seed = Seed(v, n) }),
        Number("repeat_penalty", 0.01, 100, (s, x) => s with { RepeatPenalty = x }),
        Row("repetition_penalty", "as `repeat_penalty`, over all tokens so far", (s, v, n) =>
            s with { RepeatPenalty = JsonFields.Number(v, n, 0.01, 100), RepeatLastN = -1 }),
        Whole("repeat_last_n", -1, int.MaxValue, (s, x) => s with { RepeatLastN = (int)x }),
        Number("frequency_penalty", -1000, 1000, (s, x) => s with { FrequencyPenalty = x }),
        Number("presence_penalty", -1000, 1000, (s, x) => s with { PresencePenalty = x }),
        Row("logit_bias", "token id → −100 to 100", (s, v, n) => s with { LogitBias = Bias(v, n) }),
    ];

    /// <summary>Other ways of drawing, but for the values that turn them off.</summary>
    public static IReadOnlyList<Parameter> Refused { get; } =
    [
        ParameterTable.Refusal("mirostat", NeutralValues.UsualAnd("0")),
        ParameterTable.Refusal("min_tokens", NeutralValues.UsualAnd("0")),
        ParameterTable.Refusal("length_penalty", NeutralValues.UsualAnd("1")),
        ParameterTable.Refusal("dynatemp_range", NeutralValues.UsualAnd("0")),
        ParameterTable.Refusal("tfs_z", NeutralValues.UsualAnd("1")),
        ParameterTable.Refusal("top_a", NeutralValues.UsualAnd("0")),
        ParameterTable.Refusal("n_probs", NeutralValues.UsualAnd("0")),
    ];

    // Some clients make theirs of all 64 bits without a sign.
    private static long Seed(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetUInt64(out ulong large) ? unchecked((long)large)
            : JsonFields.Integer(value, name, long.MinValue, long.MaxValue);

    private static Parameter Number(string name, double low, double high, Func<SamplingOptions, float, SamplingOptions> set) =>
        Row(name, string.Create(CultureInfo.InvariantCulture, $"{low} to {high}"), (s, v, n) => set(s, JsonFields.Number(v, n, low, high)));

    private static Parameter Whole(string name, long low, long high, Func<SamplingOptions, long, SamplingOptions> set)
    {
        string note = string.Create(CultureInfo.InvariantCulture, $"whole, {low} and above");
        return Row(name, note, (s, v, n) => set(s, JsonFields.Integer(v, n, low, high)));
    }

    private static Parameter Row(string name, string note, Func<SamplingOptions, JsonElement, string, SamplingOptions> read) =>
        new(name, ParameterUse.Honoured, note, (request, value, n) => request.Sampling = read(request.Sampling, value, n));

    private static Dictionary<int, float> Bias(JsonElement value, string name)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw ApiException.Invalid(name, $"'{name}' must map token ids to numbers", "invalid_type");
        }

        Dictionary<int, float> bias = [];
        foreach (JsonProperty member in value.EnumerateObject())
        {
            if (!int.TryParse(ParameterValues.NameOf(member), NumberStyles.None, CultureInfo.InvariantCulture, out int id))
            {
                throw ApiException.Invalid(name, $"the keys of '{name}' must be token ids", "invalid_type");
            }

            bias[id] = JsonFields.Number(member.Value, name, -100, 100);
        }

        return bias;
    }
}
