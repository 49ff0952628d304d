namespace LayerStream.Actors.Run;

/// <summary>Nothing of a run has moved for a long time although neither disk nor processor was at work; says who waits for what.</summary>
public sealed class EngineStalledException(TimeSpan idle, string waits)
    : Exception(FormattableString.Invariant($"nothing has moved for {idle.TotalSeconds:F0} s: ")
        + (waits.Length == 0 ? "nobody waits" : waits))
{
    /// <summary>How long.</summary>
    public TimeSpan Idle { get; } = idle;

    /// <summary>Who waits for what since when.</summary>
    public string Waits { get; } = waits;
}
