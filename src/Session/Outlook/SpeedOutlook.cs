using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Models.Spec;
using LayerStream.Planning;

namespace LayerStream.Session.Outlook;

/// <summary>What a planned model is predicted to do, under its own budget and under others.</summary>
/// <param name="plan">The plan.</param>
/// <param name="prediction">When experts are read before they are demanded.</param>
public sealed class SpeedOutlook(EnginePlan plan, PredictionMode prediction)
{
    private const int Points = 16; // evenly spaced, of a curve

    private readonly Lazy<PlannedReplay?> _replay = new(() => Replay(plan.Memory));

    /// <summary>Whether a generation of so many tokens teaches anything: the first passes fill the slots of experts.</summary>
    public static bool IsLongEnough(RunResult result) => result.GeneratedTokens > 8;

    /// <summary>Predicts a token of a generation under the plan.</summary>
    public SpeedForecast Predict(SpeedBasis basis) => basis.Predict(plan.Memory, _replay.Value, prediction != PredictionMode.Off);

    /// <summary>Speed against budget. Takes a division of memory for each point: not for a thread that others wait for.</summary>
    public SpeedCurve Curve(SpeedBasis basis, CancellationToken ct)
    {
        IReadOnlyList<long> budgets = SpeedCurve.Budgets(plan.SmallestBudgetBytes, b =>
        {
            ct.ThrowIfCancellationRequested();
            return plan.Division.At(b).Memory.StreamedBytesPerToken == 0;
        }, Points, plan.Sheet.BudgetBytes);
        List<SpeedPoint> points = [];
        foreach (long budget in budgets)
        {
            ct.ThrowIfCancellationRequested();
            MemoryPlan memory = plan.Division.At(budget).Memory;
            PlannedReplay? replay = Replay(memory);
            SpeedForecast speed = basis.Predict(memory, replay, prediction != PredictionMode.Off);
            points.Add(new SpeedPoint(budget, speed.TokensPerSecond, memory.DenseStreamedBytes + (replay?.MissBytesPerToken ?? 0),
                speed.Limit));
        }

        return new SpeedCurve(points);
    }

    /// <summary>What a generation taught; <paramref name="before"/> where it was too short.</summary>
    public SpeedBasis Learn(RunResult result, SpeedBasis before)
    {
        if (!IsLongEnough(result))
        {
            return before;
        }

        ModelSpec spec = plan.Spec;
        HashSet<int> layers = [.. spec.ExpertBanks.Select(b => b.Layer)];
        long outside = spec.Matrices.Where(m => !layers.Contains(m.Layer)).Sum(m => m.Tensor.Extent.Length);
        int passes = result.GeneratedTokens - 1;
        return SpeedBasis.Observed(passes, result.ComputeSeconds, result.ExpertComputeSeconds, result.LoadSeconds,
            result.BytesPerToken * passes, layers.Count, spec.ExpertBanks.Sum(b => b.Used), (double)outside / Math.Max(1, plan.DenseBytes),
            before);
    }

    /// <summary>Before anything was computed.</summary>
    public SpeedBasis Assume(double deviceBytesPerSecond) =>
        SpeedBasis.Assumed(deviceBytesPerSecond, plan.UsedBytesPerToken, plan.Threads);

    private static PlannedReplay? Replay(MemoryPlan memory) =>
        memory.Experts.Layouts.Count == 0 ? null : PlannedReplay.OfSynthetic(memory.Experts);
}
