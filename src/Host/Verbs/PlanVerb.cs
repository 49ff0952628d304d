using System.CommandLine;
using System.Text.Json;
using LayerStream.Actors;
using LayerStream.Formats.Routes;
using LayerStream.Host.Options;
using LayerStream.Host.Terminal;
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
        verb.ShowExamples(
            "layerstream plan --model models/big.gguf --memory-budget 2GiB",
            "layerstream plan --model models/big.gguf --curve",
            "layerstream plan --model models/big.gguf --history");
        verb.SetAction(RunAsync);
        return verb;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        if (parse.GetValue(s_history) && (parse.GetValue(s_curve) || parse.GetValue(s_routes) is not null))
        {
            throw new UsageException($"--history measures nothing: {(parse.GetValue(s_curve) ? s_curve.Name : s_routes.Name)} has no use "
                + "beside it.");
        }

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
            StandardOutput.WriteJson(HistoryReport.Of(tracker.Scores), ReportJson.Default.HistoryReport);
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
        DivisionReport division = DivisionReport.Of(figures.Plan) with
        {
            StreamedBytesPerToken = (long)figures.ReadBytesPerToken,
            PredictedTokensPerSecond = figures.Speed.TokensPerSecond,
        };
        ReportJson.WriteMembers(json, division, ReportJson.Default.DivisionReport);
        ReportJson.WriteMembers(json, Forecast(figures), ReportJson.Default.ForecastReport);
    }

    private static ForecastReport Forecast(PlanFigures figures)
    {
        (SpeedForecast speed, ComputeTimes compute) = (figures.Speed, figures.Compute);
        CurveReport curve = CurveReport.Of(figures.Curve, figures.Plan.Sheet.BudgetBytes);
        return new ForecastReport
        {
            Advice = PlanReport.Advice(figures),
            Experts = figures.Replay is { } replay ? ExpertReport.Of(figures.Plan, replay) : null,
            DeviceBytesPerSecond = figures.DeviceBytesPerSecond,
            FirstUseBytesPerSecond = figures.FirstUseBytesPerSecond,
            LoadSeconds = figures.LoadSeconds,
            KernelBytesPerSecond = figures.KernelBytesPerSecond,
            PredictedComputeSeconds = speed.ComputeSeconds,
            PredictedReadSeconds = speed.ReadSeconds,
            PredictedWaitSeconds = speed.WaitSeconds,
            LayerSeconds = compute.ExpertLayers == 0 ? null
                : new LayerSecondsReport(compute.BeforeSeconds, compute.GuessSeconds, compute.BesideSeconds, compute.ExpertSeconds),
            CpuSecondsPerReadGigabyte = figures.Rates.CpuSecondsPerByte * 1e9,
            LimitedBy = CurveText.Name(speed.Limit),
            KneeBudgetBytes = curve.KneeBudgetBytes,
            Curve = curve.Curve,
            WithMoreMemory = [.. figures.WithMore.Select(more => new PointReport
            {
                BudgetBytes = more.BudgetBytes,
                PredictedTokensPerSecond = more.TokensPerSecond,
            })],
        };
    }
}
