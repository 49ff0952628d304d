using System.CommandLine;
using System.Text.Json;
using LayerStream.Actors;
using LayerStream.Formats.Routes;
using LayerStream.Host.Options;
using LayerStream.Host.Terminal;
using LayerStream.Models.Spec;
using LayerStream.Planning;
using LayerStream.Session;
using LayerStream.Session.Outlook;
using LayerStream.Session.Reports;

namespace LayerStream.Host.Verbs;

/// <summary><c>plan</c>: what a budget buys, without running the model.</summary>
public static class PlanVerb
{
    private static readonly Option<string?> s_routes =
        new("--routes") { Description = "recorded routing (of run --routes) to predict from, instead of made-up routing" };

    private static readonly Option<bool> s_curve = new("--curve") { Description = "speed against memory budget, as a table" };
    private static readonly Option<bool> s_history =
        new("--history") { Description = "earlier predictions beside what came of them; nothing is measured" };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command verb = new("plan", "Shows the memory plan, predicts the speed and says what would change it.")
        {
            s_routes, s_curve, s_history,
        };
        verb.SetAction(RunAsync);
        return verb;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        ModelOptions options = CommonOptions.Bind(parse);
        ModelFile file = ModelFile.Open(options.ModelPath);
        TerminalNotices notices = new(options);
        PlannedModel planned = file.Plan(options, notices);
        SpeedTracker tracker = new(planned.Plan, options, file.Files, 0);
        if (parse.GetValue(s_history))
        {
            return History(options, tracker);
        }

        PlanFigures figures = await PlanFigures.MeasureAsync(file, planned, Routes(parse.GetValue(s_routes), planned.Plan), ct);
        tracker.Add(figures.Basis);
        if (options.Json)
        {
            StandardOutput.WriteJson(json => Write(json, figures));
        }
        else
        {
            Console.Out.Write(PlanReport.Render(figures));
            if (parse.GetValue(s_curve))
            {
                Console.Out.WriteLine();
                Console.Out.Write(CurveTable.Render(figures.Curve, planned.Plan.Sheet.BudgetBytes));
            }
        }

        return Failures.Success;
    }

    private static int History(ModelOptions options, SpeedTracker tracker)
    {
        if (options.Json)
        {
            StandardOutput.WriteJson(json => CurveTable.WriteHistory(json, tracker.Scores));
        }
        else
        {
            Console.Out.Write(CurveTable.RenderHistory(tracker.Scores));
        }

        return Failures.Success;
    }

    private static RouteTrace? Routes(string? path, EnginePlan plan)
    {
        if (path is null)
        {
            return null;
        }

        RouteTrace trace = plan.Experts.Layouts.Count > 0 ? RouteTraceReader.Load(path)
            : throw new UsageException("--routes needs a model with experts.");
        return PlannedReplay.Misfit(plan.Experts, trace.Header) is { } misfit ? throw new UsageException(misfit) : trace;
    }

    private static void Write(Utf8JsonWriter json, PlanFigures figures)
    {
        EnginePlan plan = figures.Plan;
        json.WriteString("advice", PlanReport.Advice(figures));
        DivisionReport division = DivisionReport.Of(plan) with { StreamedBytesPerToken = (long)figures.ReadBytesPerToken };
        ReportJson.WriteMembers(json, division, ReportJson.Default.DivisionReport);
        WriteExperts(json, plan, figures.Replay);
        json.WriteNumber("deviceBytesPerSecond", figures.DeviceBytesPerSecond);
        json.WriteNumber("firstUseBytesPerSecond", figures.FirstUseBytesPerSecond);
        json.WriteNumber("loadSeconds", figures.LoadSeconds);
        json.WriteNumber("kernelBytesPerSecond", figures.KernelBytesPerSecond);
        json.WriteNumber("predictedTokensPerSecond", figures.Speed.TokensPerSecond);
        json.WriteNumber("predictedComputeSeconds", figures.Speed.ComputeSeconds);
        json.WriteNumber("predictedReadSeconds", figures.Speed.ReadSeconds);
        json.WriteNumber("predictedWaitSeconds", figures.Speed.WaitSeconds);
        if (figures.Compute.ExpertLayers > 0)
        {
            json.WriteStartObject("layerSeconds");
            json.WriteNumber("before", figures.Compute.BeforeSeconds);
            json.WriteNumber("guess", figures.Compute.GuessSeconds);
            json.WriteNumber("beside", figures.Compute.BesideSeconds);
            json.WriteNumber("expert", figures.Compute.ExpertSeconds);
            json.WriteEndObject();
        }

        json.WriteNumber("cpuSecondsPerReadGigabyte", figures.Rates.CpuSecondsPerByte * 1e9);
        json.WriteString("limitedBy", CurveText.Name(figures.Speed.Limit));
        CurveTable.Write(json, figures.Curve);
        json.WriteStartArray("withMoreMemory");
        foreach ((long budget, double rate) in figures.WithMore)
        {
            json.WriteStartObject();
            json.WriteNumber("budgetBytes", budget);
            json.WriteNumber("predictedTokensPerSecond", rate);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteExperts(Utf8JsonWriter json, EnginePlan plan, PlannedReplay? replay)
    {
        ExpertPlan experts = plan.Experts;
        if (replay is null)
        {
            return;
        }

        json.WriteStartObject("experts");
        json.WriteString("policy", experts.Policy.Name);
        json.WriteNumber("perToken", FewerExperts.MostUsed(plan.Spec));
        json.WriteBoolean("allResident", experts.AllResident);
        JsonOut.WriteIds(json, "slotsPerLayer", [.. experts.SlotsPerBank]);
        json.WriteNumber("residentSlots", experts.ResidentSlots);
        json.WriteNumber("transientSlots", experts.TransientSlots);
        json.WriteNumber("bytes", experts.Bytes);
        json.WriteNumber("routedBytesPerToken", experts.RoutedBytesPerToken);
        json.WriteString("routing", replay.IsRecorded ? "recorded" : "synthetic");
        json.WriteNumber("expectedHitRate", replay.HitRate);
        json.WriteNumber("expectedMissBytesPerToken", replay.MissBytesPerToken);
        json.WriteBoolean("belowOneToken", experts.BelowOneToken);
        json.WriteEndObject();
    }
}
