using System.Text.Json;
using LayerStream.Actors.Tracing;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Session;
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
        LoadedModel model = state.Model ?? throw ServerState.Loading;
        string format = http.Request.Query["format"].ToString();
        (string Type, Func<TraceFile, Stream, IEnumerable<bool>>? Steps) row = format switch
        {
            "" or "lstr" => ("application/octet-stream", TraceExport.FileSteps),
            "chrome" => ("application/json", TraceExport.ChromeSteps),
            "otlp" => ("application/jsonl", TraceExport.OtlpSteps),
            "json" => ("application/json", null),
            _ => throw ApiException.Invalid("format", "'format' must be lstr, chrome, otlp or json", "invalid_value"),
        };
        using TraceExports.Share share = state.Traces!.Open(model);
        if (row.Steps is { } steps)
        {
            await SendAsync(http, row.Type, share.Trace, steps);
            return;
        }

        TraceFigures figures = TraceReport.From(share.Trace).ToJson();
        share.Dispose();
        await JsonReply.SendAsync(http, 200, json => Figures(json, figures));
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

    private static void Request(Utf8JsonWriter json, RequestTimes request)
    {
        json.WriteStartObject();
        json.WriteNumber("sequence", request.Sequence);
        json.WriteNumber("first_pass", request.FirstPass);
        Number(json, "came_at_ms", request.CameAtMs);
        Number(json, "wall_ms", request.WallMs);
        Number(json, "queued_ms", request.QueuedMs);
        Number(json, "prompt_ms", request.PromptMs);
        Number(json, "decode_ms", request.DecodeMs);
        Number(json, "disk_ms", request.DiskMs);
        json.WriteNumber("prompt_rows", request.PromptRows);
        json.WriteNumber("tokens", request.Tokens);
        json.WriteString("mostly_in", request.MostlyIn);
        json.WriteEndObject();
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

        json.WriteStartObject("answers");
        foreach ((string question, string answer) in figures.Answers.Rows())
        {
            json.WriteString(question, answer);
        }

        json.WriteEndObject();
        json.WriteStartArray("requests");
        foreach (RequestTimes request in figures.Requests)
        {
            Request(json, request);
        }

        json.WriteEndArray();
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
