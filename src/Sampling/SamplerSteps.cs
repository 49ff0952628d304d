namespace LayerStream.Sampling;

/// <summary>
/// The table of built-in steps in the order they run. A new step is a file and a row here. Steps that change logits see the whole
/// vocabulary; each selection works on what the one before left; probabilities are those of the softmax over that, before temperature.
/// Mirostat is left out on purpose: it replaces the whole chain, and min-p or top-nσ do its work without a state between tokens.
/// </summary>
public static class SamplerSteps
{
    private static readonly Row[] s_table =
    [
        new("logit_bias", ChangesLogits: true, o => o.LogitBias is { Count: > 0 } ? new LogitBiasStep(o) : null),
        new("penalties", ChangesLogits: true, o => PenaltyStep.IsNeeded(o) ? new PenaltyStep(o) : null),
        new("dry", ChangesLogits: true, o => o.DryMultiplier > 0 && o.DryPenaltyLastN != 0 ? new DryStep(o) : null),
        new("top_n_sigma", ChangesLogits: false, o => o.TopNSigma > 0 ? new TopNSigmaStep(o) : null),
        new("top_k", ChangesLogits: false, o => o.TopK > 0 ? new TopKStep(o) : null),
        new("typical_p", ChangesLogits: false, o => o.TypicalP < 1 ? new TypicalPStep(o) : null),
        new("top_p", ChangesLogits: false, o => o.TopP < 1 ? new TopPStep(o) : null),
        new("min_p", ChangesLogits: false, o => o.MinP > 0 ? new MinPStep(o) : null),
        new("xtc", ChangesLogits: false, o => o.XtcProbability > 0 && o.XtcThreshold <= 0.5f ? new XtcStep(o) : null),
        new("temperature", ChangesLogits: false, o => o.Temperature > 0 && o.Temperature != 1 ? new TemperatureStep(o) : null),
    ];

    /// <summary>Names of all built-in steps, in order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_table.Select(row => row.Name)];

    /// <summary>The steps that change logits and run always, greedy or not.</summary>
    internal static ISamplerStep[] LogitSteps(SamplingOptions options) => Create(options, changesLogits: true);

    /// <summary>The steps that select and scale candidates; a greedy choice does not need them.</summary>
    internal static ISamplerStep[] SelectionSteps(SamplingOptions options) => Create(options, changesLogits: false);

    private static ISamplerStep[] Create(SamplingOptions options, bool changesLogits) =>
        [.. s_table.Where(row => row.ChangesLogits == changesLogits).Select(row => row.Create(options)).OfType<ISamplerStep>()];

    private sealed record Row(string Name, bool ChangesLogits, Func<SamplingOptions, ISamplerStep?> Create);
}
