namespace LayerStream.Planning;

/// <summary>What a decode pass spends most of its time on.</summary>
public enum SpeedLimit
{
    /// <summary>Arithmetic and memory; reads hide behind it.</summary>
    Compute,

    /// <summary>Reading dense weights, in every pass the same.</summary>
    DenseReads,

    /// <summary>Reading experts that are not in memory.</summary>
    ExpertReads,
}

/// <summary>The predicted time of one generated token.</summary>
/// <param name="Seconds">All in all.</param>
/// <param name="ComputeSeconds">Of them, compute, slowed by the reads beside it.</param>
/// <param name="ReadSeconds">How long the device is busy; hidden behind compute or not.</param>
/// <param name="Limit">What more of would help.</param>
public readonly record struct SpeedForecast(double Seconds, double ComputeSeconds, double ReadSeconds, SpeedLimit Limit)
{
    /// <summary>Tokens per second.</summary>
    public double TokensPerSecond => 1 / Seconds;

    /// <summary>Seconds in which compute has nothing to do.</summary>
    public double WaitSeconds => Seconds - ComputeSeconds;
}
