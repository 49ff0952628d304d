namespace LayerStream.Host.Measuring;

/// <summary>What tune varies, each beside what is given.</summary>
/// <param name="Depths">Prefetch depths, where weights other than experts stream.</param>
/// <param name="Reads">Reads in flight, where anything streams.</param>
/// <param name="Slots">Transient slots, where experts stream.</param>
internal sealed record TuneAxes(int[] Depths, int[] Reads, int[] Slots)
{
    /// <summary>Compute threads.</summary>
    public int[] Threads { get; init; } = [];

    /// <summary>Memory budgets in bytes.</summary>
    public long[] Budgets { get; init; } = [];
}
