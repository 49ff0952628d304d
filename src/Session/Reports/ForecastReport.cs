namespace LayerStream.Session.Reports;

/// <summary>What <c>plan</c> measured, and what that promises under the planned budget and others.</summary>
public sealed record ForecastReport
{
    /// <summary>What to do, in a sentence.</summary>
    public required string Advice { get; init; }

    /// <summary>The experts' part; null without experts.</summary>
    public ExpertReport? Experts { get; init; }

    /// <summary>Rate of the kind of read that brings most bytes.</summary>
    public required double DeviceBytesPerSecond { get; init; }

    /// <summary>Rate at which memory is used for the first time.</summary>
    public required double FirstUseBytesPerSecond { get; init; }

    /// <summary>How long loading takes.</summary>
    public required double LoadSeconds { get; init; }

    /// <summary>Weights that all threads together multiply by.</summary>
    public required double KernelBytesPerSecond { get; init; }

    /// <summary>Of a token, arithmetic.</summary>
    public required double PredictedComputeSeconds { get; init; }

    /// <summary>Of a token, reads, hidden or not.</summary>
    public required double PredictedReadSeconds { get; init; }

    /// <summary>Of a token, waiting for reads.</summary>
    public required double PredictedWaitSeconds { get; init; }

    /// <summary>Parts of a layer with experts; null without experts.</summary>
    public LayerSecondsReport? LayerSeconds { get; init; }

    /// <summary>Processor time that reading costs.</summary>
    public required double CpuSecondsPerReadGigabyte { get; init; }

    /// <summary>What sets the pace: compute, dense_reads or expert_reads.</summary>
    public required string LimitedBy { get; init; }

    /// <summary>The budget above which more memory buys little.</summary>
    public required long KneeBudgetBytes { get; init; }

    /// <summary>Speed against budget.</summary>
    public required IReadOnlyList<PointReport> Curve { get; init; }

    /// <summary>Larger budgets that the machine has.</summary>
    public required IReadOnlyList<PointReport> WithMoreMemory { get; init; }
}

/// <summary>Seconds of one layer with experts.</summary>
/// <param name="Before">Until the router has chosen.</param>
/// <param name="Guess">Guessing the next layer's experts.</param>
/// <param name="Beside">All else but the chosen experts.</param>
/// <param name="Expert">One chosen expert.</param>
public sealed record LayerSecondsReport(double Before, double Guess, double Beside, double Expert);
