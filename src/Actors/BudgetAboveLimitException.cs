using LayerStream.Memory;

namespace LayerStream.Actors;

/// <summary>A budget that the machine or its memory cgroup cannot give.</summary>
public sealed class BudgetAboveLimitException(long budgetBytes, long limitBytes, string limit)
    : Exception($"--memory-budget {ByteSize.Format(budgetBytes)} is above {limit} of {ByteSize.Format(limitBytes)}; give at most "
    + $"{ByteSize.FormatOption(limitBytes)}")
{
    public long BudgetBytes { get; } = budgetBytes;

    public long LimitBytes { get; } = limitBytes;
}
