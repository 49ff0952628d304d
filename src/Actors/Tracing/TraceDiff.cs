using System.Globalization;
using System.Text;

namespace LayerStream.Actors.Tracing;

/// <summary>Two traces beside each other: which part of a token's time changed, by how much, and in which layer.</summary>
public sealed class TraceDiff
{
    private const double SmallShare = 0.02; // of a token's time: less is not called a change
    private const int LayersShown = 8;

    private TraceDiff(TraceDiffFigures figures) => Figures = figures;

    /// <summary>The figures as plain data.</summary>
    public TraceDiffFigures Figures { get; }

    /// <summary>Compares the decode passes of two traces; those of prompts where one has no decode pass.</summary>
    /// <exception cref="InvalidDataException">A trace has no complete pass.</exception>
    public static TraceDiff Between(TraceFile before, TraceFile after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        (TraceAnalysis a, TraceAnalysis b) = (new(before), new(after));
        TraceKind kind = a.Total(TraceKind.Token) is not null && b.Total(TraceKind.Token) is not null ? TraceKind.Token : TraceKind.Prompt;
        StageTimes from = StageTimes.Of(a, kind, "first"), to = StageTimes.Of(b, kind, "second");
        double change = to.WallMs - from.WallMs;
        StageChange[] stages = [.. from.Stages.Keys.Union(to.Stages.Keys)
            .Select(name => new StageChange
            {
                Stage = name,
                BeforeMs = from.Stages.GetValueOrDefault(name),
                AfterMs = to.Stages.GetValueOrDefault(name),
                Share = change == 0 ? 0 : (to.Stages.GetValueOrDefault(name) - from.Stages.GetValueOrDefault(name)) / change,
            })
            .OrderByDescending(s => Math.Abs(s.AfterMs - s.BeforeMs)).ThenBy(s => s.Stage, StringComparer.Ordinal)];
        LayerChange[] layers = [.. Layers(a, b, from.PassesPerUnit, to.PassesPerUnit)];
        TraceDiffFigures figures = new()
        {
            Summary = "",
            Differences = [.. Settings(before, after)],
            Kind = kind == TraceKind.Token ? "token" : "prompt",
            BeforeMs = from.WallMs,
            AfterMs = to.WallMs,
            BeforeBytes = from.Bytes,
            AfterBytes = to.Bytes,
            Stages = stages,
            Layers = layers,
        };
        return new TraceDiff(figures with { Summary = Sentence(figures) });
    }

    /// <summary>The comparison for people; its first line names the stage that changed most and its share of the change.</summary>
    public string Render()
    {
        StringBuilder text = new();
        text.AppendLine(Figures.Summary);
        if (Figures.Differences.Count > 0)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"what differs: {string.Join("; ", Figures.Differences)}");
        }

        text.AppendLine(CultureInfo.InvariantCulture,
            $"read per {Figures.Kind}: {Figures.BeforeBytes / 1048576:0.#} → {Figures.AfterBytes / 1048576:0.#} MiB");
        text.AppendLine().AppendLine(CultureInfo.InvariantCulture,
            $"{"per " + Figures.Kind + ", ms",-24}{"before",10}{"after",10}{"change",10}{"share",9}");
        foreach (StageChange stage in Figures.Stages)
        {
            text.AppendLine(CultureInfo.InvariantCulture,
                $"{stage.Stage,-24}{stage.BeforeMs,10:0.00}{stage.AfterMs,10:0.00}"
                + $"{stage.AfterMs - stage.BeforeMs,10:+0.00;-0.00;0.00}{Math.Round(stage.Share * 100),7} %");
        }

        LayerChange[] shown = [.. Figures.Layers.Where(l => l.BeforeMs != l.AfterMs).Take(LayersShown)];
        if (shown.Length > 0)
        {
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"{"waits by layer, ms",-24}{"before",10}{"after",10}{"change",10}");
            foreach (LayerChange layer in shown)
            {
                string name = layer.Layer < 0 ? "outside the layers" : layer.Layer.ToString(CultureInfo.InvariantCulture);
                text.AppendLine(CultureInfo.InvariantCulture,
                    $"{name,-24}{layer.BeforeMs,10:0.00}{layer.AfterMs,10:0.00}{layer.AfterMs - layer.BeforeMs,10:+0.00;-0.00;0.00}");
            }
        }

        return text.ToString();
    }

    /// <summary>What the runs were given that is not the same: a change of time may be theirs.</summary>
    private static IEnumerable<string> Settings(TraceFile before, TraceFile after)
    {
        if (before.Model != after.Model)
        {
            yield return $"the model: {before.Model} → {after.Model}";
        }

        if (before.BudgetBytes != after.BudgetBytes)
        {
            yield return string.Create(CultureInfo.InvariantCulture,
                $"the memory budget: {before.BudgetBytes / 1048576.0:0.#} → {after.BudgetBytes / 1048576.0:0.#} MiB");
        }

        if (before.Depth != after.Depth)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"the prefetch depth: {before.Depth} → {after.Depth}");
        }
    }

    private static IEnumerable<LayerChange> Layers(TraceAnalysis before, TraceAnalysis after, double scaleBefore, double scaleAfter)
    {
        Dictionary<int, double> a = before.Layers().ToDictionary(l => l.Layer, l => l.StallMsPerToken * scaleBefore);
        Dictionary<int, double> b = after.Layers().ToDictionary(l => l.Layer, l => l.StallMsPerToken * scaleAfter);
        return a.Keys.Union(b.Keys)
            .Select(layer => new LayerChange { Layer = layer, BeforeMs = a.GetValueOrDefault(layer), AfterMs = b.GetValueOrDefault(layer) })
            .OrderByDescending(l => Math.Abs(l.AfterMs - l.BeforeMs)).ThenBy(l => l.Layer);
    }

    private static string Sentence(TraceDiffFigures figures)
    {
        double change = figures.AfterMs - figures.BeforeMs;
        string unit = figures.Kind == "token" ? "A token" : "A prompt pass";
        string head = string.Create(CultureInfo.InvariantCulture,
            $"{unit} takes {figures.AfterMs:0.0} ms instead of {figures.BeforeMs:0.0} ms ({change / figures.BeforeMs * 100:+0;-0;0} %)");
        if (figures.Stages.Count == 0 || Math.Abs(change) < SmallShare * figures.BeforeMs)
        {
            return head + ": no stage changed much";
        }

        StageChange top = figures.Stages.First(s => s.Share > 0); // of the parts that went the way of the whole, the largest
        return head + string.Create(CultureInfo.InvariantCulture,
            $": {top.Stage} went from {top.BeforeMs:0.0} to {top.AfterMs:0.0} ms, {Math.Round(top.Share * 100)} % of the change");
    }

    /// <summary>Milliseconds and bytes of an average token, or of a pass over a prompt.</summary>
    private sealed record StageTimes(double WallMs, double Bytes, Dictionary<string, double> Stages, double PassesPerUnit)
    {
        public static StageTimes Of(TraceAnalysis analysis, TraceKind kind, string which)
        {
            PassFigures total = analysis.Total(kind)
                ?? throw new InvalidDataException($"The {which} trace has no complete "
                + $"{(kind == TraceKind.Token ? "token" : "prompt pass")} to compare.");
            int passes = analysis.Passes.Count(p => p.Kind == kind);
            int units = kind == TraceKind.Token && total.Tokens > 0 ? total.Tokens : passes; // guesses and sequences share passes
            Dictionary<string, double> stages = new(StringComparer.Ordinal)
            {
                ["compute"] = total.ComputeMs / units,
                ["sampling"] = total.SampleMs / units,
                ["not attributed"] = total.UnattributedMs / units,
            };
            foreach ((string reason, double ms) in total.StallMs)
            {
                stages["wait: " + TraceReport.Spoken(reason)] = ms / units;
            }

            return new StageTimes(total.WallMs / units, total.LoadedBytes / units, stages, (double)passes / units);
        }
    }
}
