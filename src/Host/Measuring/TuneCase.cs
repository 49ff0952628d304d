using System.Globalization;
using LayerStream.Session;

namespace LayerStream.Host.Measuring;

/// <summary>A setting to measure: at most one option differs from what was given; 0 = as given.</summary>
internal readonly record struct TuneCase(int Depth = 0, int Reads = 0, int Slots = 0)
{
    /// <summary>What was given, or is chosen when nothing is.</summary>
    public static TuneCase AsGiven => default;

    /// <summary>The options with this one changed.</summary>
    public ModelOptions Apply(ModelOptions options) => options with
    {
        PrefetchDepth = Depth > 0 ? Depth : options.PrefetchDepth,
        ReadsInFlight = Reads > 0 ? Reads : options.ReadsInFlight,
        TransientExperts = Slots > 0 ? Slots : options.TransientExperts,
    };

    /// <summary>As on the command line; empty for what was given.</summary>
    public override string ToString()
    {
        (string name, int value) = this switch
        { { Depth: > 0 } => ("prefetch-depth", Depth), { Reads: > 0 } => ("reads-in-flight", Reads),
            { Slots: > 0 } => ("transient-slots", Slots),
            _ => ("", 0)
        };
        return value == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"--{name} {value}");
    }
}
