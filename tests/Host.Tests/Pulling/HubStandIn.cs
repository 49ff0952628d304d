using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace LayerStream.Host.Tests.Pulling;

/// <summary>A hub of one repository, <c>o/r</c>, on this machine, with the faults that a test asks for.</summary>
internal sealed class HubStandIn : IAsyncDisposable
{
    internal const string Repository = "o/r";
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, byte[]> _files = new();
    private int _answers;

    private HubStandIn(WebApplication app) => _app = app;

    public Uri Endpoint => new(_app.Urls.First());

    /// <summary>Ranges of files that were asked for, and the keys that were sent.</summary>
    public ConcurrentQueue<(string Path, string Range, string Key)> Requests { get; } = new();

    public string ETag { get; set; } = "\"1\"";

    public string? Key { get; set; }

    public bool IgnoresRange { get; set; }

    /// <summary>Bytes after which the n-th answer breaks off; null = it does not.</summary>
    public Func<int, long?> CutAfter { get; set; } = _ => null;

    /// <summary>Answers in place of a file: by the number of the request.</summary>
    public Func<int, HttpContext, Task<bool>> Instead { get; set; } = (_, _) => Task.FromResult(false);

    /// <summary>Runs between two writes of a body.</summary>
    public Func<Task> Between { get; set; } = () => Task.CompletedTask;

    /// <summary>What the list says beside the truth.</summary>
    public Func<string, byte[], (long Bytes, string Digest)> Listed { get; set; } = (_, bytes) =>
        (bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes)));

    public static async Task<HubStandIn> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication app = builder.Build();
        HubStandIn hub = new(app);
        app.MapGet("/api/models/o/r/tree/main", hub.ListAsync);
        app.MapGet("/o/r/resolve/main/{**path}", hub.SendAsync);
        await app.StartAsync();
        return hub;
    }

    /// <summary>A file that begins as GGUF does.</summary>
    public byte[] Add(string path, int length, int seed = 1)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        "GGUF"u8.CopyTo(bytes);
        return _files[path] = bytes;
    }

    /// <summary>SHA-256 of a file.</summary>
    public string Digest(string path) => Convert.ToHexStringLower(SHA256.HashData(_files[path]));

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task ListAsync(HttpContext http)
    {
        if (Key is not null && http.Request.Headers.Authorization != $"Bearer {Key}")
        {
            http.Response.StatusCode = 401;
            return;
        }

        string[] paths = [.. _files.Keys.Order(StringComparer.Ordinal)];
        bool isSecond = http.Request.Query.ContainsKey("cursor");
        if (!isSecond && paths.Length > 1)
        {
            http.Response.Headers.Link = $"<{http.Request.GetEncodedUrl()}&cursor=1>; rel=\"next\"";
        }

        await http.Response.WriteAsJsonAsync(paths.Where((_, i) => isSecond == (i > 0)).Select(path =>
        {
            (long bytes, string digest) = Listed(path, _files[path]);
            return new { type = "file", oid = "1", size = bytes, path, lfs = new { oid = digest, size = bytes, pointerSize = 130 } };
        }).Append<object>(new { type = "directory", path = "folder", size = 0 }).Reverse());
    }

    private async Task SendAsync(HttpContext http, string path)
    {
        Requests.Enqueue((path, http.Request.Headers.Range.ToString(), http.Request.Headers.Authorization.ToString()));
        int number = Interlocked.Increment(ref _answers);
        if (await Instead(number, http))
        {
            return;
        }

        byte[] bytes = _files[path];
        (long begin, long end) = (0, bytes.Length);
        if (!IgnoresRange && RangeHeaderValue.TryParse(http.Request.Headers.Range.ToString(), out RangeHeaderValue? wanted))
        {
            RangeItemHeaderValue range = wanted.Ranges.Single();
            (begin, end) = (range.From!.Value, Math.Min(range.To!.Value + 1, bytes.Length));
            http.Response.StatusCode = 206;
            http.Response.Headers.ContentRange = $"bytes {begin}-{end - 1}/{bytes.Length}";
        }

        http.Response.Headers.ETag = ETag;
        http.Response.ContentLength = end - begin;
        long stop = begin + (end - begin == 1 ? 1 : Math.Min(end - begin, CutAfter(number) ?? long.MaxValue));
        for (long at = begin; at < stop;)
        {
            int step = (int)Math.Min(16384, stop - at);
            await http.Response.Body.WriteAsync(bytes.AsMemory((int)at, step), http.RequestAborted);
            await Between();
            at += step;
        }

        if (stop < end)
        {
            await http.Response.Body.FlushAsync();
            http.Abort();
        }
    }
}
