namespace LayerStream.Sampling;

/// <summary>The table of built-in steps in the order they run. A new step is a file and a row here.</summary>
public static class SamplerSteps
{
    private static readonly Row[] s_table =
    [
        new("logit_bias", ChangesLogits: true, o => o.LogitBias is { Count: > 0 } ? new LogitBiasStep(o) : null),
        new("penalties", ChangesLogits: true, o => PenaltyStep.IsNeeded(o) ? new PenaltyStep(o) : null),
        new("top_k", ChangesLogits: false, o => o.TopK > 0 ? new TopKStep(o) : null),
        new("top_p", ChangesLogits: false, o => o.TopP < 1 ? new TopPStep(o) : null),
        new("min_p", ChangesLogits: false, o => o.MinP > 0 ? new MinPStep(o) : null),
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
