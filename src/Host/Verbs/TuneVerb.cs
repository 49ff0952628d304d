using System.CommandLine;
using System.Globalization;
using LayerStream.Actors;
using LayerStream.Host.Measuring;
using LayerStream.Host.Options;
using LayerStream.Host.Terminal;
using LayerStream.Session;
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
    private static readonly Option<int> s_tokens = new("--tokens")
    {
        Description = "tokens measured of each setting in each round",
        DefaultValueFactory = _ => 12
    };
    private static readonly Option<int> s_rounds = new("--rounds")
    {
        Description = "rounds over all settings",
        DefaultValueFactory = _ => 2
    };
    private static readonly Option<string?> s_ids =
        new("--ids") { Description = "token ids of the prompt: 1,2,3 or @FILE (default: a fixed short one)" };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command verb = new("tune", "Measures depths, reads in flight and transient slots, and recommends what to set.") { s_depths, s_reads,
            s_slots, s_tokens, s_rounds, s_ids };
        verb.SetAction(RunAsync);
        return verb;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        int tokens = AtLeast(parse, s_tokens, 2), rounds = AtLeast(parse, s_rounds, 1);
        int[] depths = List(parse, s_depths, 4096), reads = List(parse, s_reads, 64), slots = List(parse, s_slots, 4096);
        ModelOptions given = CommonOptions.Bind(parse);
        ModelOptions options = given with { Quiet = true, Stop = [] };
        TerminalNotices notices = new(isQuiet: true);
        TunePlans plans = TunePlans.Make(options, depths, reads, slots, notices);
        EnginePlan plan = plans.Given.Plan;
        int[]? ids = parse.GetValue(s_ids) is { } text ? TokenIds.Parse(text) : null;
        TuneMeasurement measurement = new(plans, ids, tokens, WarmUp(plan), notices);
        for (int round = 0; round < rounds; round++)
        {
            Progress(given, string.Create(CultureInfo.InvariantCulture, $"round {round + 1} of {rounds}"));
            await measurement.RoundAsync(isReversed: round % 2 == 1, line => Progress(given, line), ct);
        }

        TuneReport report = new(plan, plans.Reads, measurement.Given!, measurement.Rows());
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

    private static int AtLeast(ParseResult parse, Option<int> option, int least) =>
        parse.GetValue(option) is int value && value >= least ? value
            : throw new UsageException($"{option.Name} must be at least {least}.");

    private static int[] List(ParseResult parse, Option<string> option, int most) =>
    [
        .. parse.GetRequiredValue(option).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= 1
            && value <= most
                ? value
                : throw new UsageException($"{option.Name} takes whole numbers from 1 to {most}, not '{part}'."))
            .Distinct().Order(),
    ];

    private static void Progress(ModelOptions options, string line)
    {
        if (!options.Quiet)
        {
            Console.Error.WriteLine(line);
        }
    }
}
