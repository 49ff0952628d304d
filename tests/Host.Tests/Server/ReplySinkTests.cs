using System.Text;
using LayerStream.Host.Server.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace LayerStream.Host.Tests.Server;

/// <summary>A slow reader costs its own memory only; Kestrel's bare errors get bodies.</summary>
public sealed class ReplySinkTests
{
    [Fact]
    public void Send_ClientReadsNothing_NeverWaitsAndEndsAtItsMemory()
    {
        RequestMemory memory = RequestBodyTests.Memory(1 << 20);
        using RequestMemory.Holding holding = memory.Open();
        holding.Grow(ReplySink.WindowBytes, "an answer");
        DefaultHttpContext http = new();
        http.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(new BlockedStream()));
        ReplySink sink = new(http, holding, "text/plain");
        int sent = 0;
        ApiException refused = Assert.Throws<ApiException>(() => SendForEver(sink, ref sent));
        Assert.Equal("client_too_slow", refused.Code);
        Assert.InRange(sent, 400_000, 1 << 20);
        Assert.InRange(memory.UsedBytes, 0, 1 << 20);
    }

    [Fact]
    public async Task Send_ManyPieces_ArriveInOrder()
    {
        using MemoryStream line = new();
        DefaultHttpContext http = new();
        http.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(line));
        using RequestMemory.Holding holding = RequestBodyTests.Memory(1 << 20).Open();
        holding.Grow(ReplySink.WindowBytes, "an answer");
        ReplySink sink = new(http, holding, "text/plain");
        StringBuilder expected = new();
        for (int i = 0; i < 5000; i++)
        {
            sink.Send(Encoding.ASCII.GetBytes($"{i};"));
            expected.Append(i).Append(';');
            if (i % 100 == 0)
            {
                await Task.Yield();
            }
        }

        await sink.CompleteAsync();
        Assert.Equal(expected.ToString(), Encoding.ASCII.GetString(line.ToArray()));
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "bad_request")]
    [InlineData("HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\n\r\n", "headers_too_large")]
    [InlineData("HTTP/1.1 414 URI Too Long\r\nContent-Length: 0\r\n\r\n", "uri_too_long")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", null)]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nX-Content-Type-Options: nosniff\r\n\r\n", null)]
    [InlineData("HTTP/1.1 4", null)]
    public void Complete_AnswerOfTheServerItself_GetsTheBodyOfAnError(string head, string? code)
    {
        string? whole = KestrelErrorBodies.Complete(Encoding.ASCII.GetBytes(head)) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;
        Assert.Equal(code is null, whole is null);
        if (whole is not null)
        {
            string body = whole[(whole.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
            Assert.Contains($"\"code\":\"{code}\"", body, StringComparison.Ordinal);
            Assert.Contains($"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n", whole, StringComparison.Ordinal);
        }
    }

    private static void SendForEver(ReplySink sink, ref int sent)
    {
        while (true)
        {
            sink.Send(new byte[1000]);
            sent += 1000;
        }
    }

    private sealed class BlockedStream : MemoryStream
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            await Task.Delay(Timeout.Infinite, cancellationToken);
    }
}
