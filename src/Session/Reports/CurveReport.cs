using LayerStream.Planning;
using LayerStream.Session.Outlook;

namespace LayerStream.Session.Reports;

/// <summary>Speed against memory budget: the same figures in <c>plan --json</c> and from the daemon.</summary>
public sealed record CurveReport
{
    /// <summary>The curve in a sentence; only from the daemon.</summary>
    public string? Summary { get; init; }

    /// <summary>What the prediction stands on; only from the daemon.</summary>
    public string? Source { get; init; }

    /// <summary>The budget in force.</summary>
    public required long BudgetBytes { get; init; }

    /// <summary>The budget above which more memory buys little.</summary>
    public required long KneeBudgetBytes { get; init; }

    /// <summary>The points, by rising budget.</summary>
    public required IReadOnlyList<PointReport> Curve { get; init; }

    /// <summary>The figures of a curve.</summary>
    public static CurveReport Of(SpeedCurve curve, long budgetBytes) => new()
    {
        BudgetBytes = budgetBytes,
        KneeBudgetBytes = curve.Points[curve.Knee].BudgetBytes,
        Curve = [.. curve.Points.Select(PointReport.Of)],
    };

    /// <summary>The figures of a curve with what it stands on.</summary>
    public static CurveReport Of(KnownCurve known, long budgetBytes) => Of(known.Curve, budgetBytes) with
    {
        Summary = CurveText.Summary(known.Curve, budgetBytes, known.Basis.Source),
        Source = CurveText.Name(known.Basis.Source),
    };
}

/// <summary>What one budget is predicted to give.</summary>
public sealed record PointReport
{
    /// <summary>The budget.</summary>
    public required long BudgetBytes { get; init; }

    /// <summary>Tokens per second of a generation.</summary>
    public required double PredictedTokensPerSecond { get; init; }

    /// <summary>Bytes that a token reads.</summary>
    public double? ReadBytesPerToken { get; init; }

    /// <summary>What sets the pace: compute, dense_reads or expert_reads.</summary>
    public string? LimitedBy { get; init; }

    /// <summary>The figures of a point.</summary>
    public static PointReport Of(SpeedPoint point) => new()
    {
        BudgetBytes = point.BudgetBytes,
        PredictedTokensPerSecond = point.TokensPerSecond,
        ReadBytesPerToken = point.BytesPerToken,
        LimitedBy = CurveText.Name(point.Limit),
    };
}
