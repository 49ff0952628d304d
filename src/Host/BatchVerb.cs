using System.CommandLine;
using System.Globalization;
using System.Runtime.CompilerServices;
using LayerStream.Host.Options;
using LayerStream.Host.Server;
using LayerStream.Host.Terminal;
using LayerStream.Host.Verbs;
using LayerStream.Session;
using LayerStream.Session.Reports;

namespace LayerStream.Host;

/// <summary><c>batch</c>: a file of API requests, answered without a daemon.</summary>
public static class BatchVerb
{
    private static readonly Argument<string> s_in = new("in")
    {
        Description = "lines {\"custom_id\",\"method\",\"url\",\"body\"}, as for /v1/batches",
    };

    private static readonly Argument<string> s_out = new("out")
    {
        Description = "file of results; requests that have one in it are not asked again",
    };

    private static readonly Option<string?> s_errors = new("--errors")
    {
        Description = "file of the results that are errors (default: they stand among the others)",
    };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command verb = new("batch", "Answers a file of API requests; the same command goes on where it was ended.")
        {
            s_in, s_out, s_errors,
        };
        verb.ShowExamples("layerstream batch questions.jsonl answers.jsonl --memory-budget 2GiB");
        verb.SetAction(StartAsync);
        return verb;
    }

    // Kept apart so that no other verb loads ASP.NET.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<int> StartAsync(ParseResult parse, CancellationToken ct)
    {
        string input = parse.GetRequiredValue(s_in), output = parse.GetRequiredValue(s_out);
        string? errors = parse.GetValue(s_errors);
        if (!File.Exists(input))
        {
            throw new FileNotFoundException(null, input);
        }

        if (OutputPlace.IsSame(input, output) || (errors is not null && (OutputPlace.IsSame(input, errors)
            || OutputPlace.IsSame(output, errors))))
        {
            throw new UsageException("The requests, the results and the errors must be different files.");
        }

        OutputPlace.RefuseUnusable("out", output);
        OutputPlace.RefuseUnusable(s_errors.Name, errors ?? output);
        ModelOptions options = CommonOptions.Bind(parse);
        options = options.Explicit.Contains("sequences") ? options : options with { Sequences = 0 };
        await using LoadedModel model = await LoadedModel.OpenAsync(options.ForServing(), new TerminalNotices(options), ct);
        model.RequireTokenizer();
        BatchProgress? progress = options.Quiet || options.Json ? null : new BatchProgress();
        BatchReport report = await OfflineBatch.RunAsync(model, input, output, errors, progress, ct);
        Show(report, options);
        return report is { Errors: null, Failed: 0 } ? Failures.Success : Failures.Failed;
    }

    private static void Show(BatchReport report, ModelOptions options)
    {
        if (options.Json)
        {
            using Stream output = StandardOutput.Open();
            JsonOut.Write(output, report, ReportJson.Default.BatchReport);
        }
        else if (!options.Quiet && report.Errors is null)
        {
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{report.Completed} of {report.Total} requests are answered, {report.Failed} failed; this took {report.Seconds:F1} s"));
        }

        foreach (BatchFaultReport fault in report.Errors ?? [])
        {
            Console.Error.WriteLine(fault.Line is { } line ? string.Create(CultureInfo.InvariantCulture, $"line {line}: {fault.Message}")
                : fault.Message);
        }
    }

    /// <summary>A line whenever something has come of it: how far, how fast, how long still.</summary>
    private sealed class BatchProgress : IProgress<BatchReport>
    {
        private BatchReport? _first, _last;

        public void Report(BatchReport value)
        {
            int done = value.Completed + value.Failed;
            if (_last is { } last && done == last.Completed + last.Failed)
            {
                return;
            }

            _first ??= value;
            _last = value;
            int since = done - _first.Completed - _first.Failed;
            double rate = since / Math.Max(value.Seconds - _first.Seconds, 1e-3);
            string end = since == 0 ? "" : string.Create(CultureInfo.InvariantCulture,
                $", {60 * rate:G3} a minute, ends at {DateTime.Now.AddSeconds((value.Total - done) / rate):yyyy-MM-dd HH:mm}");
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{done} of {value.Total}, {value.Failed} failed{end}"));
        }
    }
}
