using System.Text.Json;
using LayerStream.Actors.Tracing;
using LayerStream.Host.Top;
using LayerStream.Session.Reports;
using Spectre.Console;

namespace LayerStream.Host.Tests.Top;

public sealed class TopScreenTests
{
    private const string Status = """
        {"model":"tiny","state":"ready","plan":{"budget_bytes":1000000,"accounts":{"kv cache":250000}},
         "engine":{"prefetch_depth":3,"tokens":7,"tuning":{"finding":"disk-bound at 1.00 GB/s"}},
         "requests":{"running":1,"waiting":2,"queue_limit":8},"memory":{"resident_bytes":500000}}
        """;

    [Fact]
    public void Render_LanesOfAGeneration_ShowsStagesReadsBudgetAndSequences()
    {
        LaneWindow lanes = new(1_000_000);
        using JsonDocument names = JsonDocument.Parse("""{"model":"tiny","tile_names":["blk.0.ffn_up"]}""");
        using JsonDocument events = JsonDocument.Parse("""
            {"skipped":0,"events":[[3,0,300000,0,0,0,0,0,0,0,0],[4,300000,900000,0,0,0,0,1,0,0,0],[9,900000,1000000,-1,0,0,0,0,0,1,2],
             [2,0,500000,0,0,1,5000000,0,0,0,0],[7,0,1000000,-1,0,0,0,0,0,1,1],["no",1],[1]]}
            """);
        lanes.Take(names.RootElement);
        lanes.Take(events.RootElement);
        Assert.Equal([("wait: disk prefetch late", 0.6), ("compute", 0.3), ("sampling", 0.1)], lanes.Stages());
        Assert.Equal([(1, 0.5, 5e6)], lanes.Slots());
        Assert.Equal([("blk.0.ffn_up", 0.6)], lanes.WaitedFor(3));
        Assert.Equal([(2, 1)], lanes.Sequences());
        Assert.Equal(1, lanes.TokensPerSecond);
        using JsonDocument status = JsonDocument.Parse(Status);
        TopReport report = TopScreen.Report(status.RootElement, lanes, 1);
        Assert.Equal(("tiny", 1.0, 0.6), (report.Model, report.TokensPerSecond, report.Stages[0].Share));
        Assert.Contains("\"tokensPerSecond\":1,", JsonSerializer.Serialize(report, ReportJson.Default.TopReport), StringComparison.Ordinal);
        string text = Draw(lanes);
        foreach (string wanted in new[] { "tiny · ready", "The disk sets the pace", "wait: disk prefetch late", "blk.0.ffn_up", "kv cache",
            "sequence 2", "disk-bound at 1.00 GB/s", "of 8" })
        {
            Assert.Contains(wanted, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Render_Idle_SaysSo() => Assert.Contains("Nothing is computed at present.", Draw(new LaneWindow(1e6)),
        StringComparison.Ordinal);

    [Fact]
    public void Add_EventsForLong_KeepsTheNewestOnly()
    {
        LaneWindow lanes = new(1000);
        for (int i = 0; i < 50_000; i++)
        {
            lanes.Add(new TraceEvent { Kind = TraceKind.Compute, StartTicks = i * 10, EndTicks = (i * 10) + 5 });
        }

        Assert.Equal(0.5, Assert.Single(lanes.Stages()).Share, 2);
    }

    private static string Draw(LaneWindow lanes)
    {
        using JsonDocument status = JsonDocument.Parse(Status);
        using StringWriter text = new();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = 140;
        console.Write(TopScreen.Render(status.RootElement, lanes));
        return text.ToString();
    }
}
