using System.CommandLine;
using System.Globalization;
using LayerStream.Formats.Routes;
using LayerStream.Host.Options;
using LayerStream.Host.Terminal;
using LayerStream.Planning.Experts;
using LayerStream.Session;
using LayerStream.Session.Reports;

namespace LayerStream.Host.Verbs;

/// <summary><c>replay</c>: what expert-cache policies would have hit on recorded routing, and what no policy could exceed.</summary>
public static class ReplayVerb
{
    private static readonly Argument<string> s_trace = new("trace") { Description = "route trace (.route.csv.gz), e.g. of run --routes" };
    private static readonly Option<string?> s_slots = new("--slots") { Description = "slots per layer, e.g. 4,8,16" };
    private static readonly Option<string?> s_residency =
        new("--residency") { Description = "share of the experts that is resident, e.g. 3%,6%,12% (default: 3%,6%,12%,24%,48%)" };
    private static readonly Option<string> s_policy = new("--policy")
    {
        Description = $"all, or any of {string.Join(", ", ExpertPolicies.All.Select(p => p.Name))}",
        DefaultValueFactory = _ => "all"
    };
    private static readonly Option<int> s_warmUp = CheckedOption.Whole("--warm-up",
        "tokens that run through the cache uncounted (default: 0, misses of the empty cache count)", 0, int.MaxValue, usual: 0);

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command verb = new("replay", "Replays recorded routing through expert-cache policies.") { s_trace, s_slots, s_residency,
            s_policy, s_warmUp };
        verb.ShowExamples("layerstream replay run.route.csv.gz --residency 6%,12% --warm-up 64");
        verb.SetAction(parse => Run(parse));
        return verb;
    }

    private static int Run(ParseResult parse)
    {
        ExpertPolicyRow[] policies = Policies(parse.GetRequiredValue(s_policy));
        int warmUp = parse.GetValue(s_warmUp);
        RouteTrace trace = RouteTraceReader.Load(parse.GetRequiredValue(s_trace));
        if (warmUp >= trace.Tokens)
        {
            throw new UsageException($"--warm-up takes a whole number below the trace's {trace.Tokens} tokens.");
        }

        ReplayColumn[] columns = [.. Slots(parse, trace.Header.Experts)
            .Select(slots => ReplayColumn.Measure(trace, slots, policies, warmUp))];
        if (CommonOptions.Json(parse))
        {
            StandardOutput.WriteJson(ReplayReport.Of(trace, columns, warmUp), ReportJson.Default.ReplayReport);
        }
        else
        {
            Console.Out.Write(Render(trace, columns, warmUp));
        }

        return Failures.Success;
    }

    private static ExpertPolicyRow[] Policies(string text) => text == "all"
        ? [.. ExpertPolicies.All]
        : [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Select(name => ExpertPolicies.Find(name)
            ?? throw new UsageException($"--policy takes all, or any of {string.Join(", ", ExpertPolicies.All.Select(p => p.Name))}, "
            + $"not '{name}'."))];

    private static int[] Slots(ParseResult parse, int experts)
    {
        string? slots = parse.GetValue(s_slots), residency = parse.GetValue(s_residency);
        if (slots is not null && residency is not null)
        {
            throw new UsageException("replay takes either --slots or --residency.");
        }

        int[] counts = slots is not null
            ? [.. Parts(slots).Select(p => int.TryParse(p, NumberStyles.None, CultureInfo.InvariantCulture, out int v) && v >= 1
            && v <= experts
                ? v
                : throw new UsageException($"--slots takes whole numbers from 1 to {experts}, not '{p}'."))]
            : [.. Parts(residency ?? "3%,6%,12%,24%,48%").Select(p =>
                double.TryParse(p.TrimEnd('%'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double v)
                    && v is > 0 and <= 100
                    ? Math.Max(1, (int)Math.Round(v / 100 * experts))
                    : throw new UsageException($"--residency takes percentages such as 3%,12%, not '{p}'."))];
        return counts.Length > 0 ? [.. counts.Distinct().Order()] : throw new UsageException("replay is given no number of slots.");
    }

    private static string[] Parts(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static string Render(RouteTrace trace, ReplayColumn[] columns, int warmUp)
    {
        StringWriter text = new(CultureInfo.InvariantCulture);
        RouteHeader h = trace.Header;
        text.WriteLine($"{h.Model}: {h.Layers} layers, {h.Routed} of {h.Experts} experts, {trace.Tokens} tokens, {trace.Accesses} "
            + "routed experts");
        text.WriteLine("Prompt and generation are replayed token after token, layer after layer.");
        text.WriteLine(warmUp == 0 ? "The cache begins empty; its first misses count."
            : $"The first {warmUp} tokens warm the cache and are not counted.");
        text.WriteLine("Hit rate in %, and in brackets the share in % of what Belady's bound (per layer) gains over per-layer LRU. Rows "
            + "below the policies know the future.");
        text.WriteLine();
        text.WriteLine("slots per layer  " + string.Concat(columns.Select(c => $"{c.Slots + (c.Slots < h.Routed ? "*" : ""),14}")));
        text.WriteLine("residency        "
            + string.Concat(columns.Select(c => string.Create(CultureInfo.InvariantCulture, $"{100.0 * c.Slots / h.Experts,13:F1}%"))));
        foreach (string name in columns[0].Rows.Keys)
        {
            text.WriteLine($"{name,-17}" + string.Concat(columns.Select(c =>
                string.Create(CultureInfo.InvariantCulture, $"{100 * c.Rows[name].HitRate,7:F1} ") + Share(c.ShareOfGain(name)))));
        }

        if (columns.Any(c => c.Slots < h.Routed))
        {
            text.WriteLine();
            text.WriteLine($"* below one token's {h.Routed} routed experts: the cliff at which plain LRU hits next to nothing");
        }

        return text.ToString();
    }

    private static string Share(double? share) =>
        share is { } s ? $"({string.Create(CultureInfo.InvariantCulture, $"{100 * s:F0}")})".PadLeft(6) : "     -";
}
