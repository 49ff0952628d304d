using System.Globalization;
using System.Text.Json;
using LayerStream.Memory;
using LayerStream.Session.Reports;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace LayerStream.Host.Top;

/// <summary>A frame of <c>top</c>, from a status of the daemon and the lanes of its live trace.</summary>
internal static class TopScreen
{
    private const int Bar = 24;
    private const int MostWaitedFor = 3;
    private const double LittleWait = 0.05;

    /// <summary>The whole frame.</summary>
    public static IRenderable Render(JsonElement status, LaneWindow lanes)
    {
        JsonElement plan = status.GetProperty("plan"), engine = status.GetProperty("engine"), requests = status.GetProperty("requests");
        Grid cards = new Grid().AddColumn().AddColumn();
        cards.AddRow(Stages(lanes), Reads(lanes, engine));
        cards.AddRow(Budget(status, plan), Requests(lanes, engine, requests));
        string title = string.Create(CultureInfo.InvariantCulture, $"{status.GetProperty("model").GetString()} · "
            + $"{status.GetProperty("state").GetString()} · {lanes.TokensPerSecond:0.0} tokens/s");
        return new Rows(new Text(title, new Style(decoration: Decoration.Bold)), new Text(Verdict(lanes)), cards);
    }

    /// <summary>The same as figures.</summary>
    public static TopReport Report(JsonElement status, LaneWindow lanes, double windowSeconds) => new(
        status.GetProperty("model").GetString() ?? "", status.GetProperty("state").GetString() ?? "", Verdict(lanes), windowSeconds,
        lanes.TokensPerSecond, [.. lanes.Stages().Select(s => new TimeShare(s.Name, s.Share))],
        [.. lanes.WaitedFor(MostWaitedFor).Select(t => new TimeShare(t.Tile, t.Share))],
        [.. lanes.Slots().Select(s => new SlotShare(s.Slot, s.Share, s.BytesPerSecond))],
        [.. lanes.Sequences().Select(s => new SequenceTokens(s.Sequence, s.Tokens))], status.Clone());

    /// <summary>What sets the pace, in a sentence.</summary>
    public static string Verdict(LaneWindow lanes)
    {
        IReadOnlyList<(string Name, double Share)> stages = lanes.Stages();
        if (stages.Count == 0)
        {
            return "Nothing is computed at present.";
        }

        double disk = stages.Where(s => s.Name.Contains("disk", StringComparison.Ordinal)).Sum(s => s.Share);
        double compute = stages.Where(s => s.Name == "compute").Sum(s => s.Share);
        string what = disk < LittleWait ? "Arithmetic sets the pace; the disk is hardly waited for."
            : disk > compute ? "The disk sets the pace: compute waits for it most of the time."
            : "Arithmetic takes most of the time, and the disk is waited for in between.";
        return string.Create(CultureInfo.InvariantCulture, $"{what} Compute {compute:P0}, waiting for the disk {disk:P0}.");
    }

    private static Table Stages(LaneWindow lanes)
    {
        Table table = Frame("Compute thread", "stage", "", "");
        foreach ((string name, double share) in lanes.Stages())
        {
            table.AddRow(Cell(name), BarOf(share, name.StartsWith("wait", StringComparison.Ordinal) ? Color.Red : Color.Green),
                Cell(Percent(share)));
        }

        foreach ((string tile, double share) in lanes.WaitedFor(MostWaitedFor))
        {
            table.AddRow(Cell("  for " + tile), BarOf(share, Color.Maroon), Cell(Percent(share)));
        }

        return table;
    }

    private static Table Reads(LaneWindow lanes, JsonElement engine)
    {
        Table table = Frame("Reads by slot", "slot", "", "GB/s");
        foreach ((int slot, double share, double rate) in lanes.Slots().Take(16))
        {
            table.AddRow(Cell(slot.ToString(CultureInfo.InvariantCulture)), BarOf(share, Color.Blue),
                Cell((rate / 1e9).ToString("0.00", CultureInfo.InvariantCulture)));
        }

        table.AddRow(Cell("depth"), Cell(engine.GetProperty("prefetch_depth").ToString()), Cell(""));
        if (engine.TryGetProperty("tuning", out JsonElement tuning))
        {
            table.AddRow(Cell("tuner"), Cell(tuning.GetProperty("finding").GetString() ?? ""), Cell(""));
        }

        return table;
    }

    private static Table Budget(JsonElement status, JsonElement plan)
    {
        Table table = Frame("Memory budget", "account", "", "");
        double budget = Math.Max(1, plan.GetProperty("budget_bytes").GetInt64());
        foreach (JsonProperty account in plan.GetProperty("accounts").EnumerateObject())
        {
            table.AddRow(Cell(account.Name), BarOf(account.Value.GetInt64() / budget, Color.Teal),
                Cell(ByteSize.Format(account.Value.GetInt64())));
        }

        long resident = status.GetProperty("memory").GetProperty("resident_bytes").GetInt64();
        table.AddRow(Cell("resident now"), BarOf(resident / budget, Color.Yellow), Cell(ByteSize.Format(resident)));
        return table;
    }

    private static Table Requests(LaneWindow lanes, JsonElement engine, JsonElement requests)
    {
        Table table = Frame("Requests", "", "", "");
        table.AddRow(Cell("running"), Cell(requests.GetProperty("running").ToString()), Cell(""));
        table.AddRow(Cell("waiting"), Cell(requests.GetProperty("waiting").ToString()),
            Cell("of " + requests.GetProperty("queue_limit")));
        table.AddRow(Cell("tokens so far"), Cell(engine.GetProperty("tokens").ToString()), Cell(""));
        IReadOnlyList<(int Sequence, int Tokens)> sequences = lanes.Sequences();
        int most = Math.Max(1, sequences.Select(s => s.Tokens).DefaultIfEmpty().Max());
        foreach ((int sequence, int tokens) in sequences)
        {
            table.AddRow(Cell(string.Create(CultureInfo.InvariantCulture, $"sequence {sequence}")),
                BarOf((double)tokens / most, Color.Green), Cell(string.Create(CultureInfo.InvariantCulture, $"{tokens} tokens")));
        }

        return table;
    }

    private static Table Frame(string title, params string[] columns)
    {
        Table table = new() { Title = new TableTitle(title), Border = TableBorder.Rounded };
        foreach (string column in columns)
        {
            table.AddColumn(new TableColumn(column) { NoWrap = column.Length > 0 });
        }

        return table;
    }

    private static Text Cell(string text) => new(text);

    private static Text BarOf(double share, Color color)
    {
        int full = (int)Math.Round(Math.Clamp(share, 0, 1) * Bar);
        return new Text(new string('█', full) + new string('░', Bar - full), new Style(color));
    }

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0} %");
}
