using System.Globalization;

namespace LayerStream.Actors.Tracing;

/// <summary>Which option to change after a trace, or to keep: follows from what the passes waited for and from when the disk was
/// idle.</summary>
internal static class TraceAdvice
{
    private const double LeastWait = 0.05; // of the wall: less is not worth an option
    private const double LeastGain = 0.1;  // of the wall: less is not worth memory
    private const double BusyShare = 0.95; // of the wall with reads in flight: the disk has no idle time left
    private const int MostDepth = 64;

    /// <summary>One clause, which names the option.</summary>
    /// <param name="total">The passes as if they were one.</param>
    /// <param name="depth">Prefetch depth of the run.</param>
    internal static string From(PassFigures total, int depth)
    {
        double late = Share(total, StallReason.DiskPrefetchLate), demand = Share(total, StallReason.DiskDemand),
            evict = Share(total, StallReason.BudgetEvict);
        if (late + evict < LeastWait && late + demand + evict < LeastGain)
        {
            return "keep the settings: arithmetic sets the pace, and more --threads on free cores is all that helps";
        }

        if (late >= LeastWait && late >= demand && total.LoadMs < BusyShare * total.WallMs && depth < MostDepth)
        {
            return string.Create(CultureInfo.InvariantCulture,
                $"raise --prefetch-depth to {Math.Min(MostDepth, Math.Max(2, 2 * depth))}: tiles come late though the disk has idle time");
        }

        if (evict > late + demand)
        {
            return "raise --memory-budget: slots are what is missing";
        }

        return total.LoadMs >= BusyShare * total.WallMs
            ? "raise --memory-budget, keep the rest: the disk is never idle, so only fewer bytes help"
            : demand >= late ? "raise --memory-budget, keep the rest: experts are waited for that nothing foretells"
            : "raise --memory-budget, keep the rest: no larger depth helps";
    }

    private static double Share(PassFigures total, StallReason reason) =>
        total.WallMs > 0 ? total.StallMs.GetValueOrDefault(reason.Name()) / total.WallMs : 0;
}
