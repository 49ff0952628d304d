using System.Globalization;
using LayerStream.Actors;
using LayerStream.Memory;
using LayerStream.Models.Decoding;
using LayerStream.Planning;
using LayerStream.Session.Outlook;

namespace LayerStream.Host.Verbs;

/// <summary>A plan for people: the advice first, then what stays, what streams, how fast that is and why, and the sheet.</summary>
internal static class PlanReport
{
    private const double WorthMore = 1.1; // speed with more memory ÷ without, from which it is advised

    /// <summary>The whole report.</summary>
    public static string Render(PlanFigures figures)
    {
        EnginePlan plan = figures.Plan;
        StringWriter text = new(CultureInfo.InvariantCulture);
        text.WriteLine(Advice(figures));
        text.WriteLine();
        SpeedForecast speed = figures.Speed;
        Line(text, "speed", figures.IsResident
            ? string.Create(CultureInfo.InvariantCulture, $"about {CurveText.Rate(speed.TokensPerSecond)}")
            : string.Create(CultureInfo.InvariantCulture,
            $"about {CurveText.Rate(speed.TokensPerSecond)}: of {speed.Seconds:G2} s for a token, {speed.ComputeSeconds:G2} s compute "
            + $"and {speed.WaitSeconds:G2} s wait for the disk"));
        Line(text, "limited by", Limit(figures));
        Line(text, "stays", Stays(plan));
        Line(text, "streams", Streams(figures));
        Line(text, "start", Start(figures));
        Line(text, "disk", string.Create(CultureInfo.InvariantCulture,
            $"{figures.DeviceBytesPerSecond / 1e9:F2} GB/s, read as a run reads"));
        Line(text, "compute", string.Create(CultureInfo.InvariantCulture,
            $"{figures.KernelBytesPerSecond / 1e9:F2} GB/s of weights, {plan.Threads} threads"));
        Line(text, "context", string.Create(CultureInfo.InvariantCulture, $"{plan.Context} tokens"));
        if (plan.Memory.Sequences > 1)
        {
            Line(text, "sequences", Sequences(plan.Memory));
        }

        foreach ((long budget, double rate) in figures.WithMore)
        {
            Line(text, string.Create(CultureInfo.InvariantCulture, $"with {ByteSize.Format(budget)}"),
                string.Create(CultureInfo.InvariantCulture, $"about {CurveText.Rate(rate)}"));
        }

        SpeedPoint knee = figures.Curve.Points[figures.Curve.Knee];
        Line(text, "knee", string.Create(CultureInfo.InvariantCulture,
            $"{ByteSize.Format(knee.BudgetBytes)} of memory, about {CurveText.Rate(knee.TokensPerSecond)}; more buys little"));
        Line(text, "least", string.Create(CultureInfo.InvariantCulture,
            $"{ByteSize.Format(plan.SmallestBudgetBytes)} of memory are enough to run"));
        text.WriteLine();
        text.Write(plan.Sheet.Render());
        return text.ToString();
    }

    /// <summary>One sentence: what to do.</summary>
    public static string Advice(PlanFigures figures)
    {
        double now = figures.Speed.TokensPerSecond;
        if (figures.IsResident)
        {
            return string.Create(CultureInfo.InvariantCulture,
                $"Nothing to change: the whole model stays in memory, at about {CurveText.Rate(now)}.");
        }

        string more = figures.WithMore.Where(m => m.TokensPerSecond >= now * WorthMore)
            .Select(m => string.Create(CultureInfo.InvariantCulture,
            $"with {ByteSize.Format(m.BudgetBytes)} about {CurveText.Rate(m.TokensPerSecond)}")).FirstOrDefault() ?? "";
        if (figures.Plan.Experts.BelowOneToken)
        {
            return string.Create(CultureInfo.InvariantCulture, $"Give it more memory: what is left for experts holds less than the "
                + $"{ByteSize.Format(figures.Plan.Experts.RoutedBytesPerToken)} that one token uses, so most are read for every token, "
                + $"at about {CurveText.Rate(now)}{(more.Length > 0 ? "; " + more : "")}.");
        }

        if (more.Length > 0)
        {
            return string.Create(CultureInfo.InvariantCulture,
                $"Give it more memory if there is any: {more}, with {ByteSize.Format(figures.Plan.Sheet.BudgetBytes)} about "
                + $"{CurveText.Rate(now)}.");
        }

        return figures.Speed.Limit == SpeedLimit.Compute
            ? string.Create(CultureInfo.InvariantCulture,
            $"Nothing to change: reads hide behind compute, at about {CurveText.Rate(now)}; more memory gains little.")
            : string.Create(CultureInfo.InvariantCulture, $"A faster disk or a smaller file would help: compute waits for "
            + $"{figures.Speed.WaitSeconds / figures.Speed.Seconds:P0} of the time, at about {CurveText.Rate(now)}.");
    }

    private static string Sequences(MemoryPlan memory) => (memory.HasPagesForAll
        ? string.Create(CultureInfo.InvariantCulture, $"{memory.Sequences} at the same time, each with the whole context")
        : string.Create(CultureInfo.InvariantCulture,
            $"{memory.SequencesAtOnce} at the same time with {memory.ContextOfEach} tokens each, or fewer with more: they share "
            + $"{memory.Pages} pages of {PageLayout.Tokens}, and the youngest waits when these run out"))
        + (memory.WindowPages == 0 ? string.Empty : string.Create(CultureInfo.InvariantCulture,
            $"; layers with a window keep its last {memory.WindowPages * PageLayout.Tokens} tokens of each"));

    private static string Limit(PlanFigures figures) => figures.Speed.Limit switch
    {
        SpeedLimit.Compute => "compute",
        SpeedLimit.DenseReads => "the disk: weights that every token uses and that do not fit",
        _ => "the disk: experts that are not in memory",
    };

    private static string Stays(EnginePlan plan)
    {
        string dense = plan.PinnedBytes >= plan.DenseBytes
            ? string.Create(CultureInfo.InvariantCulture, $"all weights that every token uses ({ByteSize.Format(plan.DenseBytes)})")
            : string.Create(CultureInfo.InvariantCulture,
            $"{ByteSize.Format(plan.PinnedBytes)} of the {ByteSize.Format(plan.DenseBytes)} that every token uses");
        return plan.Experts.Layouts.Count == 0
            ? dense
            : string.Create(CultureInfo.InvariantCulture,
            $"{dense}, {plan.Experts.ResidentSlots} of {plan.Experts.Layouts.Sum(l => l.Bank.Experts)} experts");
    }

    private static string Streams(PlanFigures figures)
    {
        if (figures.IsResident)
        {
            return "nothing";
        }

        string all = string.Create(CultureInfo.InvariantCulture, $"{ByteSize.Format((long)figures.ReadBytesPerToken)} for a token");
        if (figures.Replay is not { } replay || figures.Plan.Experts.AllResident)
        {
            return all;
        }

        string source = replay.IsRecorded ? "by the recorded routing" : "by made-up routing; --routes FILE of a run knows better";
        return string.Create(CultureInfo.InvariantCulture, $"{all}; {replay.HitRate:P0} of its experts are found in memory ({source})");
    }

    private static string Start(PlanFigures figures)
    {
        string why = figures.FirstUseBytesPerSecond < FirstUse.Slow
            ? string.Create(CultureInfo.InvariantCulture,
            $": memory used for the first time comes at {figures.FirstUseBytesPerSecond / 1e9:F2} GB/s here")
            : "";
        return string.Create(CultureInfo.InvariantCulture, $"about {figures.LoadSeconds:G2} s to load{why}");
    }

    private static void Line(StringWriter text, string name, string value) => text.WriteLine($"{name,-14} {value}");
}
