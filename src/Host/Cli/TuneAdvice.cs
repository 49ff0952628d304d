using System.Globalization;
using LayerStream.Actors;

namespace LayerStream.Host.Cli;

/// <summary>One measured depth.</summary>
internal sealed record TuneRow(int Depth, RunResult Result)
{
    /// <summary>Decode speed; the first token belongs to the prompt.</summary>
    public double TokensPerSecond => Result.DecodeSeconds > 0 ? Math.Max(0, Result.GeneratedTokens - 1) / Result.DecodeSeconds : 0;
}

/// <summary>The depth to take and why.</summary>
internal sealed record TuneAdvice(int Depth, string Reason)
{
    private const double Tolerance = 0.02;
    private const double Busy = 0.95;

    /// <summary>The smallest depth within 2 % of the best speed.</summary>
    public static TuneAdvice From(IReadOnlyList<TuneRow> rows)
    {
        double best = rows.Max(r => r.TokensPerSecond);
        TuneRow row = rows.Where(r => r.TokensPerSecond >= best * (1 - Tolerance)).MinBy(r => r.Depth)!;
        RunResult run = row.Result;
        double wall = Math.Max(run.DecodeSeconds, 1e-9); // load and compute count decode passes only
        double load = run.LoadSeconds / wall, compute = run.ComputeSeconds / wall;
        string why = load >= Busy ? "disk-bound: depth cannot help"
            : run.BytesStreamed == 0 ? "compute-bound: everything stays in memory, depth does not matter"
            : compute >= Busy ? "compute-bound: loading hides behind compute"
            : "balanced: neither disk nor compute is busy all the time";
        return new TuneAdvice(row.Depth, string.Create(
            CultureInfo.InvariantCulture,
            $"{why} (reads in flight {load * 100:F0} %, compute {compute * 100:F0} % of the time; smallest depth within 2 % of the best {best:F2} tokens/s)"));
    }
}
