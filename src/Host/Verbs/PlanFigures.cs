using LayerStream.Actors;
using LayerStream.Formats;
using LayerStream.Formats.Routes;
using LayerStream.Host.Measuring;
using LayerStream.Memory;
using LayerStream.Planning;
using LayerStream.Session;
using LayerStream.Session.Outlook;

namespace LayerStream.Host.Verbs;

/// <summary>A plan, what was measured for it, and what that promises.</summary>
internal sealed record PlanFigures
{
    private static readonly double[] s_more = [1.5, 2, 3];
    private static readonly IProgress<SessionNotice> s_nobody = new Progress<SessionNotice>(); // the first plan has said it all

    public required EnginePlan Plan { get; init; }

    /// <summary>Routing through the plan's slots; null without experts.</summary>
    public required PlannedReplay? Replay { get; init; }

    public required ReadRates Rates { get; init; }

    public required ComputeTimes Compute { get; init; }

    /// <summary>Memory that is used for the first time, in bytes per second.</summary>
    public required double FirstUseBytesPerSecond { get; init; }

    public required SpeedForecast Speed { get; init; }

    /// <summary>The same with more memory, as far as the machine has it: bytes of budget and tokens per second.</summary>
    public required IReadOnlyList<(long BudgetBytes, double TokensPerSecond)> WithMore { get; init; }

    /// <summary>Speed against budget.</summary>
    public required SpeedCurve Curve { get; init; }

    /// <summary>What was measured, as predictions take it.</summary>
    public SpeedBasis Basis => new(Compute, Rates, SpeedSource.Measurement);

    /// <summary>Dense weights that every pass reads.</summary>
    public long DenseStreamedBytes => Plan.Memory.DenseStreamedBytes;

    /// <summary>Bytes read per token, experts by the replay.</summary>
    public double ReadBytesPerToken => DenseStreamedBytes + (Replay?.MissBytesPerToken ?? 0);

    /// <summary>Memory for weights, all of it taken while loading.</summary>
    public long WeightBytes => Plan.PinnedBytes + Plan.Experts.Bytes;

    /// <summary>How long loading takes: memory is taken while the disk reads what stays; of experts it reads then only if all
    /// stay.</summary>
    public double LoadSeconds
    {
        get
        {
            double read = Plan.Experts.AllResident ? WeightBytes : Plan.PinnedBytes;
            return Math.Max(read / Rates.StreamBytesPerSecond, WeightBytes / FirstUseBytesPerSecond);
        }
    }

    /// <summary>Whether nothing is read once the model is loaded.</summary>
    public bool IsResident => ReadBytesPerToken < 1;

    /// <summary>The rate of the kind of read that brings most bytes.</summary>
    public double DeviceBytesPerSecond => DenseStreamedBytes >= (Replay?.MissBytesPerToken ?? 0) ? Rates.StreamBytesPerSecond
        : Rates.BurstBytesPerSecond;

    /// <summary>Weights that all threads together multiply by, all other work of a token included.</summary>
    public double KernelBytesPerSecond => Plan.UsedBytesPerToken / Compute.TokenSeconds(Plan.Spec.ExpertBanks.Sum(b => b.Used));

    /// <summary>Measures. Takes a few seconds, and memory within the budget.</summary>
    public static async Task<PlanFigures> MeasureAsync(ModelFile file, PlannedModel planned, RouteTrace? routes, CancellationToken ct)
    {
        (ModelOptions options, GgufModel model, EnginePlan plan) = (planned.Options, planned.Model, planned.Plan);
        PlannedReplay? replay = Replays(plan, routes);
        double firstUse = await FirstUse.MeasureBytesPerSecondAsync(plan.MeasuringAccount());
        ReadRates rates = ReadPattern.Measure(model, plan, options.ReadsInFlight, replay);
        ComputeTimes compute = ComputeProbe.Measure(model, plan, options, TimeSpan.FromSeconds(2));
        List<(long, double)> more = [];
        if (plan.StreamedBytesPerToken > 0)
        {
            foreach (double times in s_more)
            {
                if (With(file, options, (long)(plan.Sheet.BudgetBytes * times)) is { } larger)
                {
                    more.Add((larger.Sheet.BudgetBytes, Forecast(larger, rates, compute, options, Replays(larger, routes))
                        .TokensPerSecond));
                }
            }
        }

        return new PlanFigures
        {
            Plan = plan,
            Replay = replay,
            Rates = rates,
            Compute = compute,
            FirstUseBytesPerSecond = firstUse,
            Speed = Forecast(plan, rates, compute, options, replay),
            WithMore = more,
            Curve = new SpeedOutlook(plan, options.Prediction).Curve(new SpeedBasis(compute, rates, SpeedSource.Measurement), ct),
        };
    }

    private static SpeedForecast Forecast(EnginePlan plan, ReadRates rates, ComputeTimes compute, ModelOptions options,
        PlannedReplay? replay) =>
        new SpeedBasis(compute, rates, SpeedSource.Measurement).Predict(plan.Memory, replay, options.Prediction != PredictionMode.Off);

    private static PlannedReplay? Replays(EnginePlan plan, RouteTrace? routes) =>
        plan.Experts.Layouts.Count == 0 ? null : routes is null ? PlannedReplay.OfSynthetic(plan.Experts)
            : PlannedReplay.Of(plan.Experts, routes);

    private static EnginePlan? With(ModelFile file, ModelOptions options, long budgetBytes)
    {
        try
        {
            return file.Plan(options with { BudgetBytes = budgetBytes }, s_nobody).Plan;
        }
        catch (Exception e) when (e is BudgetAboveLimitException or BudgetTooSmallException)
        {
            return null;
        }
    }
}
