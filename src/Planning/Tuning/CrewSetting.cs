namespace LayerStream.Planning.Tuning;

/// <summary>How the crew computes.</summary>
/// <param name="Members">Threads that take part.</param>
/// <param name="Spins">Whether they spin for long before they park.</param>
public readonly record struct CrewSetting(int Members, bool Spins)
{
    /// <summary>In words.</summary>
    public override string ToString() => FormattableString.Invariant($"{Members} {(Members == 1 ? "thread" : "threads")}")
        + (Spins || Members == 1 ? "" : " that park early");
}
