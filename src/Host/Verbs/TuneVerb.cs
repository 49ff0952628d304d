using System.CommandLine;
using System.Globalization;
using System.Text;
using LayerStream.Actors;
using LayerStream.Host.Measuring;
using LayerStream.Host.Options;
using LayerStream.Host.Terminal;
using LayerStream.Memory;
using LayerStream.Session;
using LayerStream.Session.Outlook;
using LayerStream.Session.Reports;

namespace LayerStream.Host.Verbs;

/// <summary><c>tune</c>: measures prefetch depth, reads in flight and transient slots beside what is chosen when nothing is said.</summary>
public static class TuneVerb
{
    private static readonly Option<string> s_depths = new("--depths")
    {
        Description = "prefetch depths to measure, where weights other than experts stream",
        DefaultValueFactory = _ => "1,2,4,8"
    };
    private static readonly Option<string> s_reads = new("--reads")
    {
        Description = "reads in flight to measure, where anything streams",
        DefaultValueFactory = _ => "4,8,16"
    };
    private static readonly Option<string> s_slots = new("--slots")
    {
        Description = "transient slots to measure, where experts stream",
        DefaultValueFactory = _ => "4,16"
    };
    private static readonly Option<int> s_tokens =
        CheckedOption.Whole("--tokens", "tokens measured of each setting in each round", 2, int.MaxValue, usual: 12);
    private static readonly Option<int> s_rounds = CheckedOption.Whole("--rounds", "rounds over all settings", 1, int.MaxValue, usual: 2);
    private static readonly Option<string?> s_ids =
        new("--ids") { Description = "token ids of the prompt: 1,2,3 or @FILE (default: a fixed short one)" };

    private static readonly Option<string> s_threads = new("--thread-counts")
    {
        Description = "compute threads to measure",
        DefaultValueFactory = _ => ""
    };
    private static readonly Option<string> s_budgets = new("--budgets")
    {
        Description = "memory budgets to measure, e.g. 2GiB,3GiB",
        DefaultValueFactory = _ => ""
    };
    private static readonly Option<string?> s_svg = new("--svg") { Description = "save a chart of what was measured to this file" };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command verb = new("tune", "Measures depths, reads in flight and transient slots, and recommends what to set.") { s_depths, s_reads,
            s_slots, s_tokens, s_rounds, s_ids, s_threads, s_budgets, s_svg };
        verb.ShowExamples(
            "layerstream tune --model models/big.gguf --memory-budget 2GiB",
            "layerstream tune --depths 1,2,4,8 --budgets 2GiB,3GiB --svg tune.svg");
        verb.SetAction(RunAsync);
        return verb;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        int tokens = parse.GetValue(s_tokens), rounds = parse.GetValue(s_rounds);
        TuneAxes axes = new(List(parse, s_depths, 4096), List(parse, s_reads, 64), List(parse, s_slots, 4096))
        {
            Threads = List(parse, s_threads, 1024),
            Budgets = Budgets(parse.GetRequiredValue(s_budgets)),
        };
        ModelOptions given = CommonOptions.Bind(parse);
        ModelOptions options = given with { Quiet = true, Stop = [] };
        TerminalNotices notices = new(isQuiet: true);
        using TransientFile? chart = OutputPlace.Create(s_svg, parse);
        TunePlans plans = TunePlans.Make(options, axes, notices);
        EnginePlan plan = plans.Given.Plan;
        int[]? ids = parse.GetValue(s_ids) is { } text ? TokenIds.Parse(text) : null;
        TuneMeasurement measurement = new(plans, ids, tokens, WarmUp(plan), notices);
        SpeedTracker speed = new(plan, options, plans.Given.Model.Files, 0);
        if (plan.PrefetchDepth > 0)
        {
            Progress(given, "the tuner looks for its own setting");
            await measurement.SettleAsync(speed.Tuned, ct);
            speed.Add(measurement.Tuned);
            speed.Save();
        }

        for (int round = 0; round < rounds; round++)
        {
            Progress(given, string.Create(CultureInfo.InvariantCulture, $"round {round + 1} of {rounds}"));
            await measurement.RoundAsync(isReversed: round % 2 == 1, line => Progress(given, line), ct);
        }

        TuneReport report = new(plan, plans.Reads, measurement.Given!, measurement.Rows()) { Tuned = measurement.Tuned };
        if (chart is not null)
        {
            chart.Charge(plan.MeasuringAccount());
            string title = Path.GetFileName(options.ModelPath) + ": tokens a second, and beside what was given";
            chart.Write(Encoding.UTF8.GetBytes(TuneChart.Write(title, measurement.Rows())));
        }

        if (given.Json)
        {
            StandardOutput.WriteJson(report.ToReport(), ReportJson.Default.TuningReport);
        }
        else
        {
            Console.Out.Write(report.Render());
        }

        return Failures.Success;
    }

    /// <summary>Tokens before anything is measured: until the slots of experts are filled, tokens read more than later ones.</summary>
    private static int WarmUp(EnginePlan plan)
    {
        int routed = plan.Spec.ExpertBanks.Sum(b => b.Used);
        return routed == 0 || plan.Experts.AllResident ? 2 : Math.Clamp(2 * plan.Experts.ResidentSlots / routed, 2, 64);
    }

    private static int[] List(ParseResult parse, Option<string> option, int most) =>
    [
        .. parse.GetRequiredValue(option).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= 1
            && value <= most
                ? value
                : throw new UsageException($"{option.Name} takes whole numbers from 1 to {most}, not '{part}'."))
            .Distinct().Order(),
    ];

    private static long[] Budgets(string text) =>
    [
        .. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(part =>
            ByteSize.TryParse(part, out long bytes) && bytes > 0 ? bytes
                : throw new UsageException($"--budgets takes sizes such as 2GiB,3GiB, not '{part}'.")).Distinct().Order(),
    ];

    private static void Progress(ModelOptions options, string line)
    {
        if (!options.Quiet)
        {
            Console.Error.WriteLine(line);
        }
    }
}
