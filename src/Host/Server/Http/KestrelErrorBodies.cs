using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace LayerStream.Host.Server.Http;

/// <summary>
/// Kestrel answers requests that it cannot read (malformed, headers or line too long) by itself, without a body. This stands between it and
/// the line and gives those answers the body that every other error has.
/// </summary>
internal static class KestrelErrorBodies
{
    /// <summary>Adds it to an endpoint.</summary>
    public static void Use(ListenOptions listen) => listen.Use(next => async connection =>
    {
        IDuplexPipe inner = connection.Transport;
        connection.Transport = new Pipes(inner.Input, new Writer(inner.Output));
        try
        {
            await next(connection);
        }
        finally
        {
            connection.Transport = inner;
        }
    });

    /// <summary>The whole answer in place of one that has an error status and no body; null for any other.</summary>
    /// <param name="head">What is about to be sent.</param>
    internal static byte[]? Complete(ReadOnlySpan<byte> head)
    {
        // Answers of the program itself carry nosniff.
        bool isBare = head.StartsWith("HTTP/1.1 "u8) && head.Length > 12 && head[9] is (byte)'4' or (byte)'5'
            && head.EndsWith("\r\n\r\n"u8) && head.IndexOf("Content-Length: 0\r\n"u8) >= 0 && head.IndexOf("nosniff"u8) < 0;
        if (!isBare)
        {
            return null;
        }

        int status = ((head[9] - '0') * 100) + ((head[10] - '0') * 10) + (head[11] - '0');
        ArrayBufferWriter<byte> body = new();
        using (Utf8JsonWriter json = new(body, JsonReply.Options))
        {
            JsonReply.WriteError(json, Describe(status));
        }

        string text = Encoding.ASCII.GetString(head).Replace(
            "Content-Length: 0\r\n", $"Content-Length: {body.WrittenCount}\r\nContent-Type: application/json; "
                + $"charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n", StringComparison.Ordinal);
        return [.. Encoding.ASCII.GetBytes(text), .. body.WrittenSpan];
    }

    private static ApiException Describe(int status) => status switch
    {
        408 => new ApiException(408, "invalid_request_error", "the request did not arrive in time", "request_timeout"),
        413 => new ApiException(413, "invalid_request_error", "the body is too large", "body_too_large"),
        414 => new ApiException(414, "invalid_request_error", "the request line is longer than 8 KiB", "uri_too_long"),
        431 => new ApiException(431, "invalid_request_error", "the headers are longer than 16 KiB, or more than 100", "headers_too_large"),
        505 => new ApiException(505, "invalid_request_error", "only HTTP/1.0 and HTTP/1.1 are spoken here", "version_not_supported"),
        >= 500 => new ApiException(status, "server_error", "the server failed", "internal_error"),
        _ => new ApiException(status, "invalid_request_error", "the request is malformed", "bad_request"),
    };

    private sealed class Pipes(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }

    private sealed class Writer(PipeWriter inner) : PipeWriter
    {
        private Memory<byte> _last;

        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override void Advance(int bytes)
        {
            if (bytes <= _last.Length && KestrelErrorBodies.Complete(_last.Span[..bytes]) is { } whole)
            {
                whole.CopyTo(inner.GetSpan(whole.Length));
                inner.Advance(whole.Length);
            }
            else
            {
                inner.Advance(bytes);
            }

            _last = default;
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => _last = inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
            inner.FlushAsync(cancellationToken);
    }
}
