using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;

namespace LayerStream.EndToEnd.Tests;

/// <summary>A collector of OTLP over HTTP: takes exports of metrics and traces, and remembers the names in them.</summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Task _loop;

    internal OtlpCollector()
    {
        Endpoint = $"http://127.0.0.1:{DaemonProcess.FreePort()}";
        _listener.Prefixes.Add(Endpoint + "/");
        _listener.Start();
        _loop = ServeAsync();
    }

    /// <summary>Without a slash at the end.</summary>
    internal string Endpoint { get; }

    /// <summary>Names of metrics, each with its unit.</summary>
    internal ConcurrentDictionary<string, string> Metrics { get; } = new(StringComparer.Ordinal);

    /// <summary>Names of spans, each with the names of its attributes.</summary>
    internal ConcurrentDictionary<string, string[]> Spans { get; } = new(StringComparer.Ordinal);

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _loop;
        _listener.Close();
    }

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            using MemoryStream body = new();
            await context.Request.InputStream.CopyToAsync(body);
            string path = context.Request.Url!.AbsolutePath;
            bool isKnown = context.Request.ContentType switch
            {
                "application/x-protobuf" => Take(path, body.ToArray()),
                { } type when type.StartsWith("application/json", StringComparison.Ordinal) => TakeJson(path, body.ToArray()),
                _ => false,
            };
            context.Response.StatusCode = isKnown ? 200 : 400;
            context.Response.ContentType = context.Request.ContentType; // an empty message: everything was taken
            context.Response.Close();
        }
    }

    // resource (1), scope (2), metric or span (2) of both kinds of request
    private bool Take(string path, byte[] body)
    {
        switch (path)
        {
            case "/v1/metrics":
                foreach (byte[] metric in ProtobufReader.At(body, 1, 2, 2))
                {
                    Metrics[ProtobufReader.TextsAt(metric, 1).Single()] = ProtobufReader.TextsAt(metric, 3).SingleOrDefault() ?? "";
                }

                return true;
            case "/v1/traces":
                foreach (byte[] span in ProtobufReader.At(body, 1, 2, 2))
                {
                    Spans[ProtobufReader.TextsAt(span, 5).Single()] = [.. ProtobufReader.TextsAt(span, 9, 1)];
                }

                return true;
            default:
                return false;
        }
    }

    private bool TakeJson(string path, byte[] body)
    {
        using JsonDocument request = JsonDocument.Parse(body);
        foreach (JsonElement span in request.RootElement.GetProperty("resourceSpans").EnumerateArray()
            .SelectMany(r => r.GetProperty("scopeSpans").EnumerateArray()).SelectMany(s => s.GetProperty("spans").EnumerateArray()))
        {
            Spans[span.GetProperty("name").GetString()!] =
                [.. span.GetProperty("attributes").EnumerateArray().Select(a => a.GetProperty("key").GetString()!)];
        }

        return path == "/v1/traces";
    }
}
