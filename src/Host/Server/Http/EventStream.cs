using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Http;

/// <summary>Server-sent events. Headers go out with the first event, so that an early failure still has its own status.</summary>
internal sealed class EventStream(HttpContext http) : IDisposable
{
    /// <summary>Longest silence on the line.</summary>
    public static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(10);

    private readonly ArrayBufferWriter<byte> _buffer = new(1024);
    private readonly Utf8JsonWriter _json = new(new ArrayBufferWriter<byte>(1), JsonReply.Options);

    /// <summary>Whether anything has been sent.</summary>
    public bool HasStarted { get; private set; }

    /// <summary>Sends one event.</summary>
    public Task SendAsync(Action<Utf8JsonWriter> write)
    {
        _buffer.ResetWrittenCount();
        _buffer.Write("data: "u8);
        _json.Reset(_buffer);
        write(_json);
        _json.Flush();
        _buffer.Write("\n\n"u8);
        return FlushAsync(_buffer.WrittenMemory);
    }

    /// <inheritdoc/>
    public void Dispose() => _json.Dispose();

    private async Task FlushAsync(ReadOnlyMemory<byte> bytes)
    {
        if (!HasStarted)
        {
            HasStarted = true;
            http.Response.StatusCode = 200;
            http.Response.ContentType = "text/event-stream; charset=utf-8";
            http.Response.Headers.CacheControl = "no-store";
        }

        await http.Response.Body.WriteAsync(bytes, http.RequestAborted);
        await http.Response.Body.FlushAsync(http.RequestAborted);
    }
}
