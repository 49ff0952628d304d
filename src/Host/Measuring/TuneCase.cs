using System.Globalization;
using LayerStream.Memory;
using LayerStream.Session;

namespace LayerStream.Host.Measuring;

/// <summary>A setting to measure: at most one option differs from what was given; 0 = as given.</summary>
internal readonly record struct TuneCase(int Depth = 0, int Reads = 0, int Slots = 0, int Threads = 0, long BudgetBytes = 0)
{
    /// <summary>What was given, or is chosen when nothing is.</summary>
    public static TuneCase AsGiven => default;

    /// <summary>The options with this one changed.</summary>
    public ModelOptions Apply(ModelOptions options) => options with
    {
        PrefetchDepth = Depth > 0 ? Depth : options.PrefetchDepth,
        ReadsInFlight = Reads > 0 ? Reads : options.ReadsInFlight,
        TransientExperts = Slots > 0 ? Slots : options.TransientExperts,
        Threads = Threads > 0 ? Threads : options.Threads,
        BudgetBytes = BudgetBytes > 0 ? BudgetBytes : options.BudgetBytes,
    };

    /// <summary>As on the command line; empty for what was given.</summary>
    public override string ToString()
    {
        (string name, string value) = this switch
        {
            { Depth: > 0 } => ("prefetch-depth", Whole(Depth)),
            { Reads: > 0 } => ("reads-in-flight", Whole(Reads)),
            { Slots: > 0 } => ("transient-slots", Whole(Slots)),
            { Threads: > 0 } => ("threads", Whole(Threads)),
            { BudgetBytes: > 0 } => ("memory-budget", ByteSize.FormatOption(BudgetBytes)),
            _ => ("", ""),
        };
        return value.Length == 0 ? "" : $"--{name} {value}";
    }

    private static string Whole(int value) => value.ToString(CultureInfo.InvariantCulture);
}
