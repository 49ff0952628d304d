using System.Globalization;

namespace LayerStream.Actors.Tracing;

/// <summary>The questions people ask of a trace, each answered in a sentence that needs no other figure.</summary>
public sealed record TraceAnswers
{
    private const double BusyShare = 0.95; // of the wall with reads in flight: the disk has no idle time left
    private const double LittleWait = 0.05; // of the wall
    private const double LongRequest = 1.5; // times the middle one

    /// <summary>What sets the pace.</summary>
    public required string Pace { get; init; }

    /// <summary>What more memory would buy.</summary>
    public required string Memory { get; init; }

    /// <summary>Which layer is slow.</summary>
    public required string Layer { get; init; }

    /// <summary>Whether the prefetch depth is right.</summary>
    public required string Depth { get; init; }

    /// <summary>Which request is slow.</summary>
    public required string Request { get; init; }

    /// <summary>Question and answer, in the order they are asked.</summary>
    public IReadOnlyList<(string Question, string Answer)> Rows() =>
        [("pace", Pace), ("memory", Memory), ("layer", Layer), ("depth", Depth), ("request", Request)];

    /// <summary>Answers for a trace.</summary>
    /// <param name="total">Its decode passes as if they were one; null = there are none.</param>
    /// <param name="passes">How many they are.</param>
    /// <param name="tokens">Tokens that they made.</param>
    /// <param name="layers">Waits by layer, longest first.</param>
    /// <param name="requests">Its requests.</param>
    /// <param name="depth">Prefetch depth.</param>
    /// <param name="budgetBytes">The budget; 0 = not known.</param>
    public static TraceAnswers From(PassFigures? total, int passes, int tokens, IReadOnlyList<LayerFigures> layers,
        IReadOnlyList<RequestTimes> requests, int depth, long budgetBytes)
    {
        const string none = "the trace holds no complete token";
        if (total is not { WallMs: > 0 })
        {
            return new TraceAnswers { Pace = none, Memory = none, Layer = none, Depth = none, Request = OfRequests(requests) };
        }

        return new TraceAnswers
        {
            Pace = OfPace(total, passes, tokens),
            Memory = OfMemory(total, passes, tokens, budgetBytes),
            Layer = OfLayers(layers, total.WallMs / passes, Unit(passes, tokens)),
            Depth = OfDepth(total, depth),
            Request = OfRequests(requests),
        };
    }

    /// <summary>What passes are called: one that makes one token is a token to whoever reads.</summary>
    internal static string Unit(int passes, int tokens) => passes == tokens ? "token" : "pass";

    private static string OfPace(PassFigures total, int passes, int tokens)
    {
        double disk = Disk(total), rest = total.WallMs - disk - total.ComputeMs;
        string parts = string.Create(CultureInfo.InvariantCulture, $"of {Ms(total.WallMs / passes)} a {Unit(passes, tokens)}, "
            + $"arithmetic takes {Ms(total.ComputeMs / passes)}, waiting for the disk {Ms(disk / passes)}, all else {Ms(rest / passes)}");
        string bound = total.BoundBy switch
        {
            "disk" => "the disk sets the pace",
            "compute" => "arithmetic sets the pace",
            string other => $"{TraceReport.Spoken(other)} sets the pace",
        };
        return $"{bound}: {parts}";
    }

    /// <summary>Each byte more of the budget is a byte less to read in every token, as long as tokens wait for the disk.</summary>
    private static string OfMemory(PassFigures total, int passes, int tokens, long budgetBytes)
    {
        string unit = Unit(passes, tokens);
        double disk = Disk(total) / passes, wall = total.WallMs / passes, bytes = total.LoadedBytes / passes, load = total.LoadMs / passes;
        if (bytes < 1)
        {
            return "nothing is read while a token is made: more memory buys nothing";
        }

        if (disk < LittleWait * wall || load <= 0)
        {
            return string.Create(CultureInfo.InvariantCulture,
                $"tokens wait for the disk {Percent(disk / wall)} of their time only: more memory buys next to nothing");
        }

        double rate = bytes / load, hidden = Math.Min(bytes, (wall - disk) * rate), missing = bytes - hidden;
        string whole = budgetBytes > 0 && total.Experts == 0
            ? string.Create(CultureInfo.InvariantCulture, $" (a budget of about {Size(budgetBytes + missing)})") : "";
        if (total.Experts > 0)
        {
            return string.Create(CultureInfo.InvariantCulture,
                $"a {unit} reads {Size(bytes)}; if {Size(missing)} of that stayed in memory, "
                + $"it would take {Ms(wall - disk)} instead of {Ms(wall)}; 'plan --curve' says which budget keeps how many experts");
        }

        double made = 1000.0 * tokens / passes;
        return string.Create(CultureInfo.InvariantCulture, $"each 10 MiB more saves about {Ms(10 * 1048576 / rate)} a {unit}, until with "
            + $"{Size(missing)} more{whole} the disk is no longer waited for: {made / wall:0.0#} → {made / (wall - disk):0.0#} tokens a "
            + $"second");
    }

    private static string OfLayers(IReadOnlyList<LayerFigures> layers, double wall, string unit)
    {
        if (layers.Count == 0 || layers[0].StallMsPerToken < 0.001 * wall)
        {
            return "no layer is waited for";
        }

        LayerFigures first = layers[0];
        double even = layers.Average(l => l.StallMsPerToken);
        string name = first.Layer < 0 ? "what lies outside the layers"
            : string.Create(CultureInfo.InvariantCulture, $"layer {first.Layer}");
        string how = first.StallMsPerToken > 2 * even ? "stands out" : "is first, but the waits are spread over all layers";
        return string.Create(CultureInfo.InvariantCulture,
            $"{name} {how}: {Ms(first.StallMsPerToken)} a {unit}, mostly for {first.TopTile} "
            + $"({TraceReport.Spoken(first.TopReason)}); the usual layer {Ms(even)}");
    }

    private static string OfDepth(PassFigures total, int depth)
    {
        double wall = total.WallMs, disk = Disk(total), busy = total.LoadMs / wall;
        string now = depth > 0 ? string.Create(CultureInfo.InvariantCulture, $"depth {depth}") : "the depth";
        return disk < LittleWait * wall
            ? $"{now} is enough: next to nothing is waited for"
            : busy >= BusyShare
            ? $"{now} keeps the disk busy {Percent(busy)} of the time: no other depth can help"
            : string.Create(CultureInfo.InvariantCulture, $"the disk idles {Percent(1 - busy)} of the time although it is waited for: ")
                + (total.StallMs.GetValueOrDefault(StallReason.DiskPrefetchLate.Name()) >= disk / 2
                ? $"more than {now} would help" : $"but for experts that nothing foretells, and {now} does not change that");
    }

    private static string OfRequests(IReadOnlyList<RequestTimes> requests)
    {
        if (requests.Count == 0)
        {
            return "the trace holds the end of no request";
        }

        RequestTimes slow = requests.MaxBy(r => r.WallMs)!;
        double middle = requests.Select(r => r.WallMs).Order().ElementAt(requests.Count / 2);
        string which = requests.Count == 1 ? "the only one"
            : string.Create(CultureInfo.InvariantCulture, $"the longest of {requests.Count}, from pass {slow.FirstPass} on,")
            + (slow.WallMs > LongRequest * middle ? "" : " (none stands out)");
        if (slow.MostlyIn == RequestTimes.Unknown)
        {
            return string.Create(CultureInfo.InvariantCulture,
                $"{which} took {Ms(slow.WallMs)} ({slow.Tokens} tokens); its first passes have been overwritten");
        }

        string mostly = slow.MostlyIn switch
        {
            "queue" => "most of it waiting for its turn",
            "prompt" => "most of it reading its prompt",
            _ => "most of it writing its answer",
        };
        return string.Create(CultureInfo.InvariantCulture, $"{which} took {Ms(slow.WallMs)}, {mostly}: {Ms(slow.QueuedMs)} queue, "
            + $"{Ms(slow.PromptMs)} prompt ({slow.PromptRows} tokens), {Ms(slow.DecodeMs)} answer ({slow.Tokens} tokens)");
    }

    private static double Disk(PassFigures total) =>
        total.StallMs.Where(s => s.Key.StartsWith("disk_", StringComparison.Ordinal)).Sum(s => s.Value);

    private static string Ms(double ms) => string.Create(CultureInfo.InvariantCulture,
        $"{ms.ToString(ms >= 100 ? "0" : ms >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture)} ms");

    private static string Size(double bytes) => string.Create(CultureInfo.InvariantCulture,
        $"{(bytes >= 1 << 30 ? bytes / (1 << 30) : bytes / (1 << 20)):0.#} {(bytes >= 1 << 30 ? "GiB" : "MiB")}");

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{Math.Round(share * 100)} %");
}
