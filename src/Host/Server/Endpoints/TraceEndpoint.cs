using System.Text.Json;
using LayerStream.Actors.Tracing;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Session;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>The events of the last passes: as a file of ours, for Chrome and Perfetto, as OTLP lines, or as figures.</summary>
internal static class TraceEndpoint
{
    /// <summary>The trace in the format that the query asks for; lstr unless it says.</summary>
    /// <exception cref="ApiException">400 for an unknown format, 503 while the model loads.</exception>
    public static async Task HandleAsync(HttpContext http, ServerState state)
    {
        LoadedModel model = state.Model ?? throw new ApiException(503, "unavailable_error", "the model is loading",
            "loading")
        { RetryAfterSeconds = 2 };
        string format = http.Request.Query["format"].ToString();
        TraceFile trace = model.Engine.CaptureTrace(model.DeviceBytesPerSecond);
        switch (format)
        {
            case "" or "lstr":
                await SendFileAsync(http, trace);
                break;
            case "chrome":
                Send(http, "application/json", body => TraceExport.Chrome(trace, body));
                break;
            case "otlp":
                Send(http, "application/jsonl", body => TraceExport.Otlp(trace, body));
                break;
            case "json":
                await JsonReply.SendAsync(http, 200, json => Figures(json, TraceReport.From(trace).ToJson()));
                break;
            default:
                throw ApiException.Invalid("format", "'format' must be lstr, chrome, otlp or json", "invalid_value");
        }
    }

    private static void Send(HttpContext http, string type, Action<Stream> write)
    {
        // The writers are synchronous; the server's buffer smooths them.
        http.Features.GetRequiredFeature<IHttpBodyControlFeature>().AllowSynchronousIO = true;
        http.Response.ContentType = type;
        write(http.Response.Body);
    }

    private static async Task SendFileAsync(HttpContext http, TraceFile trace)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("layerstream-trace-");
        try
        {
            string path = Path.Combine(folder.FullName, "trace.lstr");
            trace.Save(path);
            await using FileStream file = File.OpenRead(path);
            http.Response.ContentType = "application/octet-stream";
            http.Response.ContentLength = file.Length;
            await file.CopyToAsync(http.Response.Body, http.RequestAborted);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void Figures(Utf8JsonWriter json, TraceFigures figures)
    {
        json.WriteStartObject();
        json.WriteString("summary", figures.Summary);
        json.WriteString("model", figures.Model);
        json.WriteNumber("tokens", figures.Tokens);
        json.WriteNumber("prompts", figures.Prompts);
        Number(json, "attributed_share", figures.AttributedShare);
        Number(json, "overlap_share", figures.OverlapShare);
        json.WriteBoolean("disk_bound", figures.DiskBound);
        Number(json, "tokens_per_second", figures.TokensPerSecond);
        json.WriteNumber("depth", figures.Depth);
        json.WriteNumber("budget_bytes", figures.BudgetBytes);
        Number(json, "device_bytes_per_second", figures.DeviceBytesPerSecond);
        json.WriteNumber("dropped", figures.Dropped);
        if (figures.Total is { } total)
        {
            json.WritePropertyName("total");
            Pass(json, total);
        }

        json.WriteStartArray("layers");
        foreach (LayerFigures layer in figures.Layers)
        {
            json.WriteStartObject();
            json.WriteNumber("layer", layer.Layer);
            Number(json, "stall_ms_per_token", layer.StallMsPerToken);
            json.WriteString("top_tile", layer.TopTile);
            json.WriteString("top_reason", layer.TopReason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("passes");
        foreach (PassFigures pass in figures.Passes)
        {
            Pass(json, pass);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Pass(Utf8JsonWriter json, PassFigures pass)
    {
        json.WriteStartObject();
        json.WriteNumber("pass", pass.Pass);
        json.WriteString("kind", pass.Kind);
        Number(json, "wall_ms", pass.WallMs);
        Number(json, "compute_ms", pass.ComputeMs);
        Number(json, "sample_ms", pass.SampleMs);
        Number(json, "load_ms", pass.LoadMs);
        Number(json, "loaded_bytes", pass.LoadedBytes);
        Number(json, "unattributed_ms", pass.UnattributedMs);
        Number(json, "device_share", pass.DeviceShare ?? double.NaN);
        json.WriteString("bound_by", pass.BoundBy);
        json.WriteString("top_stall_tile", pass.TopStallTile);
        json.WriteString("top_stall_reason", pass.TopStallReason);
        json.WriteStartObject("stall_ms");
        foreach ((string reason, double ms) in pass.StallMs)
        {
            Number(json, reason, ms);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    // JSON has no NaN or infinity.
    private static void Number(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value))
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
