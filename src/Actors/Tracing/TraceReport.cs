using System.Globalization;
using System.Text;

namespace LayerStream.Actors.Tracing;

/// <summary>What a trace says: where the time of a typical token went, what sets the pace, which tiles were waited for.</summary>
public sealed class TraceReport
{
    private const int LayersShown = 12;
    private const double BusyShare = 0.95; // load ÷ wall from here on counts as a disk without idle time
    private readonly TraceFigures _figures;

    private TraceReport(TraceFigures figures) => _figures = figures;

    /// <summary>Share of the wall time of all passes that events explain, 0 … 1; 0 without passes.</summary>
    public double AttributedShare => _figures.AttributedShare;

    /// <summary>
    /// (load + compute − wall) ÷ min(load, compute) over the decode passes, clamped to 0 … 1: the share of the smaller part that ran
    /// behind the larger one. 1 if nothing was loaded.
    /// </summary>
    public double OverlapShare => _figures.OverlapShare;

    /// <summary>Analyses a trace.</summary>
    public static TraceReport From(TraceFile trace)
    {
        ArgumentNullException.ThrowIfNull(trace);
        TraceAnalysis analysis = new(trace);
        PassFigures[] passes = [.. analysis.Passes.Select(analysis.Measure)];
        PassFigures? total = analysis.Total(TraceKind.Token);
        double wall = passes.Sum(p => p.WallMs);
        int decoding = passes.Count(p => p.Kind == "token"), tokens = total is { Tokens: > 0 } ? total.Tokens : decoding;
        IReadOnlyList<LayerFigures> layers = analysis.Layers();
        IReadOnlyList<RequestTimes> requests = RequestAnalysis.Measure(trace, [.. analysis.Passes.Zip(passes)]);
        return new TraceReport(new TraceFigures
        {
            Summary = Sentence(passes, total ?? analysis.Total(TraceKind.Prompt), trace.Depth, trace.DeviceBytesPerSecond),
            Model = trace.Model,
            Tokens = tokens,
            DecodePasses = decoding,
            Prompts = passes.Length - decoding,
            AttributedShare = wall > 0 ? Math.Clamp(1 - (passes.Sum(p => p.UnattributedMs) / wall), 0, 1) : 0,
            OverlapShare = analysis.Overlap(),
            DiskBound = total is { BoundBy: "disk" } && total.LoadMs >= BusyShare * total.WallMs,
            TokensPerSecond = total is { WallMs: > 0 } ? tokens * 1000.0 / total.WallMs : 0,
            PrefetchDepth = trace.Depth,
            BudgetBytes = trace.BudgetBytes,
            DeviceBytesPerSecond = trace.DeviceBytesPerSecond,
            Dropped = trace.Dropped,
            Total = total,
            Layers = layers,
            Requests = requests,
            Answers = TraceAnswers.From(total, decoding, tokens, layers, requests, trace.Depth, trace.BudgetBytes),
            Passes = passes,
        });
    }

    private string Unit => TraceAnswers.Unit(_figures.DecodePasses, _figures.Tokens);

    /// <summary>The figures as a record of plain data, ready for a JSON serializer.</summary>
    public TraceFigures ToJson() => _figures;

    /// <summary>The report for people; the first line is the sentence about the median token.</summary>
    public string Render()
    {
        StringBuilder text = new();
        text.AppendLine(_figures.Summary);
        if (_figures.Total is { } total)
        {
            text.AppendLine(CultureInfo.InvariantCulture,
                $"{_figures.Tokens} tokens{(_figures.Tokens == _figures.DecodePasses ? "" : $" in {_figures.DecodePasses} passes")}, "
                + $"{_figures.TokensPerSecond:0.##} tokens per second; {Percent(_figures.AttributedShare)} of the wall "
                + $"time attributed; {Percent(_figures.OverlapShare)} of the possible overlap reached");
            if (_figures.DiskBound)
            {
                text.AppendLine(CultureInfo.InvariantCulture,
                    $"disk-bound: depth cannot help (reads were in flight {Percent(total.LoadMs / total.WallMs)} of the time)");
            }
            if (total.Experts > 0)
            {
                text.AppendLine(CultureInfo.InvariantCulture,
                    $"{(double)total.Experts / _figures.DecodePasses:0.#} experts per {Unit}, "
                    + $"{Percent(1 - ((double)total.ExpertMisses / total.Experts))} of them in memory");
            }
            if (total.PredictedBytes + total.PredictedBytesWasted > 0)
            {
                text.AppendLine(CultureInfo.InvariantCulture,
                    $"{total.PredictedBytes / 1048576.0 / _figures.DecodePasses:0.#} MiB of experts per {Unit} read before they were "
                    + $"demanded, {total.PredictedBytesWasted / 1048576.0 / _figures.DecodePasses:0.#} MiB per {Unit} for nothing");
            }
            text.AppendLine();
            foreach ((string question, string answer) in _figures.Answers.Rows())
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"{question,-8} {answer}");
            }

            text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"{"per " + Unit,-24}{"ms",10}{"share",8}");
            AppendPart(text, "compute", total.ComputeMs, total.WallMs);
            AppendPart(text, "sampling", total.SampleMs, total.WallMs);
            foreach ((string reason, double ms) in total.StallMs)
            {
                AppendPart(text, "wait: " + Spoken(reason), ms, total.WallMs, StallReasonNames.Meaning(reason));
            }
            AppendPart(text, "not attributed", total.UnattributedMs, total.WallMs);
            AppendPart(text, "(reads in flight)", total.LoadMs, total.WallMs);
        }
        if (_figures.Layers.Count > 0)
        {
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture,
                $"{"layer",-8}{"ms/" + Unit,10}  {"waited for most",-40}{"ms/" + Unit,10}  reason");
            foreach (LayerFigures layer in _figures.Layers.Take(LayersShown))
            {
                string name = layer.Layer < 0 ? "-" : layer.Layer.ToString(CultureInfo.InvariantCulture);
                text.AppendLine(CultureInfo.InvariantCulture,
                    $"{name,-8}{layer.StallMsPerToken,10:0.00}  {layer.TopTile,-40}{layer.TopTileMsPerToken,10:0.00}  "
                    + $"{Spoken(layer.TopReason)}");
            }
        }
        AppendRequests(text);
        if (_figures.Dropped > 0)
        {
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture,
                $"{_figures.Dropped} older events were overwritten; the report covers what is left");
        }
        return text.ToString();
    }

    private void AppendRequests(StringBuilder text)
    {
        if (_figures.Requests.Count < 2)
        {
            return;
        }

        text.AppendLine().AppendLine(CultureInfo.InvariantCulture,
            $"{"request",-8}{"sequence",9}{"came at ms",12}{"took ms",10}{"queue ms",10}{"prompt ms",11}{"answer ms",11}"
            + $"{"disk ms",9}{"tokens",8}");
        foreach (RequestTimes r in _figures.Requests.OrderByDescending(r => r.WallMs).Take(LayersShown))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"pass {r.FirstPass,-5}{r.Sequence,7}{r.CameAtMs,12:0}{r.WallMs,10:0}"
                + $"{r.QueuedMs,10:0}{r.PromptMs,11:0}{r.DecodeMs,11:0}{r.DiskMs,9:0}{r.Tokens,8}");
        }
    }

    private void AppendPart(StringBuilder text, string name, double ms, double wall, string meaning = "") =>
        text.AppendLine(string.Create(CultureInfo.InvariantCulture,
            $"{name,-24}{ms / _figures.DecodePasses,10:0.00}{Percent(wall > 0 ? ms / wall : 0),8}  {meaning}").TrimEnd());

    /// <summary>The median decode pass, or the median prompt pass if there is none, in one sentence, and what to change.</summary>
    private static string Sentence(PassFigures[] passes, PassFigures? total, int depth, double deviceBytesPerSecond)
    {
        string kind = passes.Any(p => p.Kind == "token") ? "token" : "prompt";
        PassFigures[] ordered = [.. passes.Where(p => p.Kind == kind).OrderBy(p => p.WallMs)];
        if (ordered.Length == 0)
        {
            return "No complete pass in this trace";
        }
        PassFigures pass = ordered[ordered.Length / 2]; // of two middle ones the slower
        string format = pass.WallMs >= 100 ? "0" : pass.WallMs >= 10 ? "0.0" : "0.00";
        int digits = pass.WallMs >= 100 ? 0 : pass.WallMs >= 10 ? 1 : 2;
        decimal Shown(double ms) => Math.Round((decimal)ms, digits, MidpointRounding.AwayFromZero);
        decimal wall = Shown(pass.WallMs);
        decimal compute = Shown(pass.ComputeMs);
        decimal disk = Shown(pass.StallMs.Where(s => s.Key.StartsWith("disk_", StringComparison.Ordinal)).Sum(s => s.Value));
        List<(string Name, decimal Ms)> waits = [.. pass.StallMs
            .Where(s => !s.Key.StartsWith("disk_", StringComparison.Ordinal) && s.Key != "none")
            .Select(s => (Spoken(s.Key), Shown(s.Value))).Where(s => s.Item2 > 0)];
        decimal other = wall - compute - disk - waits.Sum(w => w.Ms);
        compute += Math.Min(0, other); // rounding may overshoot by a digit: the parts must add up to what is shown
        other = Math.Max(0, other);
        StringBuilder text = new(string.Create(CultureInfo.InvariantCulture, $"{(kind == "token" ? "Token" : "Prompt pass")} "
            + $"{pass.Pass}: {wall.ToString(format, CultureInfo.InvariantCulture)} ms = "
            + $"{compute.ToString(format, CultureInfo.InvariantCulture)} compute"));
        if (disk > 0)
        {
            text.Append(string.Create(CultureInfo.InvariantCulture,
                $" + {disk.ToString(format, CultureInfo.InvariantCulture)} disk ({pass.TopStallTile}, {Spoken(pass.TopStallReason!)})"));
        }
        foreach ((string name, decimal ms) in waits)
        {
            text.Append(string.Create(CultureInfo.InvariantCulture, $" + {ms.ToString(format, CultureInfo.InvariantCulture)} {name}"));
        }
        text.Append(string.Create(CultureInfo.InvariantCulture,
            $" + {other.ToString(format, CultureInfo.InvariantCulture)} other; bound by {Spoken(pass.BoundBy)}"));
        if (pass.DeviceShare is { } share)
        {
            text.Append("; ").Append(OfTheDevice(share, deviceBytesPerSecond));
        }
        if (total is not null)
        {
            text.Append("; ").Append(TraceAdvice.From(total, depth));
        }
        return text.ToString();
    }

    // A device's rate changes within minutes, so the reads of a run may come faster than the short measurement beside it: then both rates
    // are said.
    private static string OfTheDevice(double share, double deviceBytesPerSecond) => share <= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{Percent(share)} of the device's limit")
        : string.Create(CultureInfo.InvariantCulture,
        $"reads came at {share * deviceBytesPerSecond / 1e9:0.0#} GB/s, more than the {deviceBytesPerSecond / 1e9:0.0#} GB/s that the "
        + $"device gave when it was measured");

    // disk_prefetch_late -> "prefetch late", gc_pause -> "gc pause"
    internal static string Spoken(string reason) =>
        (reason.StartsWith("disk_", StringComparison.Ordinal) ? reason[5..] : reason).Replace('_', ' ');

    private static string Percent(double share) =>
        string.Create(CultureInfo.InvariantCulture, $"{Math.Round(share * 100, share is > 0.99 and < 1 ? 1 : 0)} %");
}
