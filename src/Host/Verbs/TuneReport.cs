using System.Globalization;
using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Host.Measuring;
using LayerStream.Planning.Tuning;
using LayerStream.Session.Reports;

namespace LayerStream.Host.Verbs;

/// <summary>What was measured of each setting, and what to set.</summary>
/// <param name="plan">The plan of what was given.</param>
/// <param name="reads">Its reads in flight.</param>
/// <param name="given">A generation with it.</param>
/// <param name="rows">The settings; the first is what was given.</param>
internal sealed class TuneReport(EnginePlan plan, int reads, RunResult given, IReadOnlyList<TuneRow> rows)
{
    private const double Busy = 0.95;

    /// <summary>What the tuner of depth and reads found best; what was given is measured with it.</summary>
    public TunerSetting? Tuned { get; init; }

    // That more memory helps is no setting: the rows say how much.
    private TuneRow? Best { get; } = rows.Where(r => r is { IsBetter: true, Case.BudgetBytes: 0 }).MaxBy(r => r.Ratio);

    private string Recommended => Best is { } best ? best.Case.ToString() : rows.Count > 1
        ? "nothing to set: no setting is faster by more than chance" : "nothing to set";

    /// <summary>For people.</summary>
    public string Render()
    {
        StringWriter text = new(CultureInfo.InvariantCulture);
        text.WriteLine("setting                  tokens/s   of the first");
        foreach (TuneRow row in rows)
        {
            string name = row.Case == TuneCase.AsGiven ? "as given" : row.Case.ToString();
            text.WriteLine(row.Gap is { } gap ? $"{name,-22}   {gap}"
                : string.Create(CultureInfo.InvariantCulture, $"{name,-22}{row.TokensPerSecond,11:F2}{row.Ratio,11:P0}{Margin(row)}"));
        }

        text.WriteLine();
        text.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"as given: prefetch depth {plan.PrefetchDepth}, {reads} reads in flight, {plan.Experts.TransientSlots} "
            + $"transient slots; {Reason()}"));
        if (Tuned is { } tuned)
        {
            text.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"the tuner's own choice within that, kept for later runs: depth {tuned.Depth}, {tuned.Reads} reads at the same time"));
        }

        text.WriteLine($"recommended: {Recommended}");
        return text.ToString();
    }

    /// <summary>For machines.</summary>
    public TuningReport ToReport() => new()
    {
        Rows = [.. rows.Select(Setting)],
        PrefetchDepth = plan.PrefetchDepth,
        ReadsInFlight = reads,
        TransientSlots = plan.Experts.TransientSlots,
        TunedDepth = Tuned?.Depth,
        TunedReads = Tuned?.Reads,
        Recommended = Best?.Case.ToString() ?? "",
        Reason = Reason(),
        LoadSeconds = given.LoadSeconds,
        ComputeSeconds = given.ComputeSeconds,
        OverlapShare = given.OverlapShare,
        StallSeconds = given.StallSeconds,
    };

    private static SettingReport Setting(TuneRow row) => row.Gap is { } gap
        ? new SettingReport(row.Case.ToString()) { Gap = gap }
        : new SettingReport(row.Case.ToString())
        {
            TokensPerSecond = row.TokensPerSecond,
            Ratio = row.Ratio,
            StandardError = double.IsFinite(row.Error) ? row.Error : null,
        };

    private string Reason()
    {
        double wall = Math.Max(given.DecodeSeconds, 1e-9); // load and compute count decode passes only
        double load = given.LoadSeconds / wall, compute = given.ComputeSeconds / wall;
        string why = given.BytesStreamed == 0 ? "compute-bound: everything stays in memory"
            : load >= Busy ? "disk-bound"
            : compute >= Busy ? "compute-bound: loading hides behind compute"
            : "balanced: neither disk nor compute is busy all the time";
        return string.Create(CultureInfo.InvariantCulture, $"{why} (reads in flight {load:P0}, compute {compute:P0} of the time)");
    }

    private static string Margin(TuneRow row) => row.Case == TuneCase.AsGiven ? "" : double.IsFinite(row.Error)
        ? string.Create(CultureInfo.InvariantCulture, $" ± {row.Error:P0}") : " (measured once)";
}
