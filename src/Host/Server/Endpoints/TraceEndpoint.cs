using LayerStream.Actors.Tracing;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Session.Reports;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>The events of the last passes: as a file of ours, for Chrome and Perfetto, as OTLP lines, or as figures.</summary>
internal static class TraceEndpoint
{
    private const int SendBytes = 16 << 10;

    /// <summary>The trace in the format that the query asks for; lstr unless it says.</summary>
    /// <exception cref="ApiException">400 for an unknown format, 429 when no memory is left for a copy, 503 while the model
    /// loads.</exception>
    public static async Task HandleAsync(HttpContext http, ServerState state)
    {
        using ModelHold hold = state.Watch();
        using CancellationTokenRegistration broken = hold.Served.Broken.Register(http.Abort);
        string format = http.Request.Query["format"].ToString();
        (string Type, Func<TraceFile, Stream, IEnumerable<bool>>? Steps) row = format switch
        {
            "" or "lstr" => ("application/octet-stream", TraceExport.FileSteps),
            "chrome" => ("application/json", TraceExport.ChromeSteps),
            "otlp" => ("application/jsonl", TraceExport.OtlpSteps),
            "json" => ("application/json", null),
            _ => throw ApiException.Invalid("format", "'format' must be lstr, chrome, otlp or json", "invalid_value"),
        };
        using TraceExports.Share share = hold.Served.Traces.Open(hold.Served.Model);
        if (row.Steps is { } steps)
        {
            await SendAsync(http, row.Type, share.Trace, steps);
            return;
        }

        TraceFigures figures = TraceReport.From(share.Trace).ToJson();
        share.Dispose();
        await JsonReply.SendAsync(http, 200, figures, ApiReportJson.Default.TraceFigures);
    }

    // Between two steps the little that was written goes out: a slow reader holds its step and no thread.
    private static async Task SendAsync(HttpContext http, string type, TraceFile trace, Func<TraceFile, Stream, IEnumerable<bool>> steps)
    {
        http.Response.ContentType = type;
        using MemoryStream written = new(SendBytes);
        foreach (bool _ in steps(trace, written))
        {
            if (written.Length >= SendBytes)
            {
                await FlushAsync(http, written);
            }
        }

        await FlushAsync(http, written);
    }

    private static async Task FlushAsync(HttpContext http, MemoryStream written)
    {
        await http.Response.Body.WriteAsync(written.GetBuffer().AsMemory(0, (int)written.Length), http.RequestAborted);
        await http.Response.Body.FlushAsync(http.RequestAborted);
        written.SetLength(0);
    }
}
