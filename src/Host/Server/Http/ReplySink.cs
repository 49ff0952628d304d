using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Http;

/// <summary>
/// An answer on its way out: whoever makes it never waits for the client. What the client has not taken yet lies in memory of the
/// request's own; a client that lets more pile up than there is loses its answer, and nobody else's.
/// </summary>
internal sealed class ReplySink(HttpContext http, RequestMemory.Holding memory, string contentType)
{
    /// <summary>Taken from the request's memory when it is admitted.</summary>
    public const int WindowBytes = 64 << 10;

    private readonly Lock _lock = new();
    private ArrayBufferWriter<byte> _filling = new(1024);
    private ArrayBufferWriter<byte> _leaving = new(1024);
    private long _paidBytes = WindowBytes;
    private bool _isSending;
    private Task _sent = Task.CompletedTask;

    /// <summary>Whether the status has been sent.</summary>
    public bool HasStarted { get; private set; }

    /// <summary>Sends bytes as soon as the client takes them.</summary>
    /// <exception cref="ApiException">The client has left more unread than the request may hold.</exception>
    public void Send(ReadOnlySpan<byte> bytes, long? wholeLength = null)
    {
        if (!HasStarted)
        {
            HasStarted = true;
            http.Response.StatusCode = 200;
            http.Response.ContentType = contentType;
            http.Response.ContentLength = wholeLength;
            http.Response.Headers.CacheControl = "no-store";
        }

        lock (_lock)
        {
            Pay(2L * (_filling.WrittenCount + _leaving.WrittenCount + bytes.Length)); // buffers double
            _filling.Write(bytes);
            if (!_isSending)
            {
                _isSending = true;
                (_filling, _leaving) = (_leaving, _filling);
                _sent = SendAllAsync();
            }
        }
    }

    /// <summary>Completes when the client has taken everything.</summary>
    public Task CompleteAsync()
    {
        lock (_lock)
        {
            return _sent;
        }
    }

    /// <summary>Breaks the connection after what has been sent: nobody may take the answer for whole.</summary>
    public async Task BreakAsync()
    {
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(2));
        await Task.WhenAny(CompleteAsync(), Task.Delay(Timeout.Infinite, patience.Token));
        await Task.Delay(TimeSpan.FromMilliseconds(100), CancellationToken.None); // what has left must not be overtaken by the reset
        http.Abort();
    }

    private void Pay(long bytes)
    {
        if (bytes <= _paidBytes)
        {
            return;
        }

        long more = Math.Max(WindowBytes, bytes - _paidBytes);
        if (!memory.TryGrow(more))
        {
            throw new ApiException(429, "rate_limit_error", "the client reads its answer too slowly", "client_too_slow");
        }

        _paidBytes += more;
    }

    private async Task SendAllAsync()
    {
        await Task.Yield(); // not under the lock of the caller
        while (true)
        {
            await http.Response.Body.WriteAsync(_leaving.WrittenMemory, http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
            lock (_lock)
            {
                _leaving.ResetWrittenCount();
                if (_filling.WrittenCount == 0)
                {
                    _isSending = false;
                    return;
                }

                (_filling, _leaving) = (_leaving, _filling);
            }
        }
    }
}
