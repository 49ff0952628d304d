using System.CommandLine;
using System.Text.Json;
using LayerStream.Actors.Tracing;
using LayerStream.Host.Options;
using LayerStream.Host.Terminal;
using LayerStream.Session;

namespace LayerStream.Host.Verbs;

/// <summary><c>trace show</c> and <c>trace export</c>: what a saved trace says.</summary>
public static class TraceVerb
{
    private static readonly Argument<string> s_file = new("file") { Description = "trace saved by run --trace" };
    private static readonly Option<string> s_format = new("--format") { Description = "chrome (chrome://tracing, Perfetto) or otlp (OpenTelemetry JSON)", DefaultValueFactory = _ => "chrome" };
    private static readonly Option<string?> s_out = new("--out") { Description = "file to write (default: stdout)" };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command show = new("show", "Tells where the time of a token went.") { s_file };
        show.SetAction(parse => Show(parse));
        Command export = new("export", "Converts a trace for other tools.") { s_file, s_format, s_out };
        export.SetAction(parse => Export(parse));
        return new Command("trace", "Reads a saved trace.") { show, export };
    }

    private static int Show(ParseResult parse)
    {
        TraceReport report = TraceReport.From(TraceFile.Load(parse.GetRequiredValue(s_file)));
        if (!CommonOptions.Json(parse))
        {
            Console.Out.Write(report.Render());
            return Failures.Success;
        }

        using Stream output = StandardOutput.Open();
        JsonSerializer.Serialize(output, report.ToJson(), TraceJson.Default.TraceFigures);
        output.WriteByte((byte)'\n');
        return Failures.Success;
    }

    private static int Export(ParseResult parse)
    {
        string format = parse.GetRequiredValue(s_format);
        Action<TraceFile, Stream> write = format switch
        {
            "chrome" => TraceExport.Chrome,
            "otlp" => TraceExport.Otlp,
            _ => throw new UsageException($"--format takes chrome or otlp, not '{format}'."),
        };
        TraceFile trace = TraceFile.Load(parse.GetRequiredValue(s_file));
        using Stream output = parse.GetValue(s_out) is { } path ? File.Create(path) : StandardOutput.Open();
        write(trace, output);
        output.Flush();
        return Failures.Success;
    }
}
