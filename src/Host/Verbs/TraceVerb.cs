using System.CommandLine;
using LayerStream.Actors.Tracing;
using LayerStream.Host.Options;
using LayerStream.Host.Terminal;
using LayerStream.Session;
using LayerStream.Session.Reports;

namespace LayerStream.Host.Verbs;

/// <summary><c>trace show</c>, <c>trace diff</c> and <c>trace export</c>: what saved traces say.</summary>
public static class TraceVerb
{
    private static readonly Argument<string> s_file = new("file") { Description = "trace saved by run --trace" };
    private static readonly Argument<string> s_before = new("before") { Description = "the trace to compare with" };
    private static readonly Argument<string> s_after = new("after") { Description = "the trace that is faster or slower" };
    private static readonly Option<string> s_format =
        new("--format")
        {
            Description = "chrome (chrome://tracing, Perfetto), otlp (OpenTelemetry JSON) or fio (I/O log that replays "
        + "the reads)",
            DefaultValueFactory = _ => "chrome"
        };
    private static readonly Option<string?> s_out = new("--out") { Description = "file to write (default: stdout)" };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command show = new("show", "Tells where the time of a token went.") { s_file };
        show.ShowExamples("layerstream trace show sea.lstrace", "layerstream trace show sea.lstrace --json");
        show.SetAction(parse => Show(parse));
        Command export = new("export", "Converts a trace for other tools.") { s_file, s_format, s_out };
        export.ShowExamples(
            "layerstream trace export sea.lstrace --out sea.json",
            "layerstream trace export sea.lstrace --format fio --out sea.fio");
        export.SetAction(parse => Export(parse));
        Command diff = new("diff", "Names the stage of a token that changed between two traces, and its share.") { s_before, s_after };
        diff.ShowExamples("layerstream trace diff before.lstrace after.lstrace");
        diff.SetAction(parse => Diff(parse));
        return new Command("trace", "Reads saved traces.") { show, export, diff };
    }

    private static int Show(ParseResult parse)
    {
        TraceReport report = TraceReport.From(TraceFile.Load(parse.GetRequiredValue(s_file)));
        if (!CommonOptions.Json(parse))
        {
            Console.Out.Write(report.Render());
            return Failures.Success;
        }

        StandardOutput.WriteJson(report.ToJson(), ReportJson.Default.TraceFigures);
        return Failures.Success;
    }

    private static int Diff(ParseResult parse)
    {
        TraceDiff diff = TraceDiff.Between(TraceFile.Load(parse.GetRequiredValue(s_before)),
            TraceFile.Load(parse.GetRequiredValue(s_after)));
        if (!CommonOptions.Json(parse))
        {
            Console.Out.Write(diff.Render());
            return Failures.Success;
        }

        StandardOutput.WriteJson(diff.Figures, ReportJson.Default.TraceDiffFigures);
        return Failures.Success;
    }

    private static int Export(ParseResult parse)
    {
        string format = parse.GetRequiredValue(s_format);
        Action<TraceFile, Stream> write = format switch
        {
            "chrome" => TraceExport.Chrome,
            "otlp" => TraceExport.Otlp,
            "fio" => TraceExport.Fio,
            _ => throw new UsageException($"--format takes chrome, otlp or fio, not '{format}'."),
        };
        string saved = parse.GetRequiredValue(s_file);
        TraceFile trace = TraceFile.Load(saved);
        using Stream output = (Stream?)OutputPlace.Create(s_out, parse, saved) ?? StandardOutput.Open();
        write(trace, output);
        output.Flush();
        return Failures.Success;
    }
}
