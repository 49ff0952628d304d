using System.IO.Compression;
using System.Text;
using LayerStream.Host.Server.Http;
using LayerStream.Memory;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Tests.Server;

/// <summary>Bodies are paid for before they arrive, packed or not, and never outlive their limit.</summary>
public sealed class RequestBodyTests
{
    private const int Limit = 200_000;
    private static readonly byte[] s_text =
        Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 20_000).Select(i => (char)('a' + (i % 26)))));

    [Theory]
    [InlineData(null)]
    [InlineData("identity")]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    [InlineData("zstd")]
    public async Task Read_AnyEncoding_GivesTheSameBytesAndHoldsTheirLength(string? encoding)
    {
        RequestMemory memory = Memory(16 << 20);
        using RequestMemory.Holding holding = memory.Open();
        ReadOnlyMemory<byte> read = await RequestBody.ReadAsync(Request(Pack(s_text, encoding), encoding), holding, Limit);
        Assert.Equal(s_text, read.ToArray());
        Assert.Equal(s_text.Length, memory.UsedBytes);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("zstd")]
    public async Task Read_BombOf16MiB_Is413AndGivesEverythingBack(string encoding)
    {
        RequestMemory memory = Memory(16 << 20);
        byte[] bomb = Pack(new byte[16 << 20], encoding);
        using (RequestMemory.Holding holding = memory.Open())
        {
            ApiException refused =
                await Assert.ThrowsAsync<ApiException>(() => RequestBody.ReadAsync(Request(bomb, encoding), holding, Limit));
            Assert.Equal(413, refused.Status);
        }

        Assert.Equal(0, memory.UsedBytes);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    [InlineData("zstd")]
    public async Task Read_NotPackedAtAll_Is400(string encoding)
    {
        using RequestMemory.Holding holding = Memory(16 << 20).Open();
        ApiException refused =
            await Assert.ThrowsAsync<ApiException>(() =>
                RequestBody.ReadAsync(Request("{\"a\":1,\"b\":2,\"c\":3}"u8.ToArray(), encoding), holding, Limit));
        Assert.Equal(400, refused.Status);
    }

    [Fact]
    public async Task Read_UnknownEncoding_Is415ThatNamesTheKnown()
    {
        using RequestMemory.Holding holding = Memory(16 << 20).Open();
        ApiException refused = await Assert.ThrowsAsync<ApiException>(() => RequestBody.ReadAsync(Request(s_text, "lzma"), holding, Limit));
        Assert.Equal(415, refused.Status);
        Assert.Contains("gzip", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_OthersHoldTheMemory_Is429BeforeAByteIsRead()
    {
        RequestMemory memory = Memory(30_000);
        using RequestMemory.Holding other = memory.Open();
        other.Grow(20_000, "a body");
        DefaultHttpContext http = Request(s_text, null);
        using RequestMemory.Holding holding = memory.Open();
        ApiException refused = await Assert.ThrowsAsync<ApiException>(() => RequestBody.ReadAsync(http, holding, Limit));
        Assert.Equal(429, refused.Status);
        Assert.Equal(0, http.Request.Body.Position);
    }

    [Fact]
    public async Task Read_MoreThanAllRequestsMayHold_Is413()
    {
        using RequestMemory.Holding holding = Memory(10_000).Open();
        ApiException refused = await Assert.ThrowsAsync<ApiException>(() => RequestBody.ReadAsync(Request(s_text, null), holding, Limit));
        Assert.Equal(413, refused.Status);
    }

    [Fact]
    public async Task Read_BodyThatNeverComes_Is408()
    {
        DefaultHttpContext http = Request(s_text, null);
        http.Request.Body = new NeverStream();
        using RequestMemory.Holding holding = Memory(16 << 20).Open();
        ApiException refused =
            await Assert.ThrowsAsync<ApiException>(() => RequestBody.ReadAsync(http, holding, Limit, TimeSpan.FromMilliseconds(50)));
        Assert.Equal(408, refused.Status);
    }

    internal static RequestMemory Memory(long bytes) => new(new BudgetAccount("requests", bytes));

    private static DefaultHttpContext Request(byte[] body, string? encoding)
    {
        DefaultHttpContext http = new();
        http.Request.Body = new MemoryStream(body);
        http.Request.ContentLength = body.Length;
        http.Request.Headers.ContentEncoding = encoding;
        return http;
    }

    private static byte[] Pack(byte[] bytes, string? encoding)
    {
        using MemoryStream packed = new();
        using (Stream packer = encoding switch
        {
            "gzip" => new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            "deflate" => new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            "br" => new BrotliStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            "zstd" => new ZstdSharp.CompressionStream(packed, leaveOpen: true),
            _ => new BufferedStream(packed),
        })
        {
            packer.Write(bytes);
            packer.Flush();
            return encoding is null or "identity" ? packed.ToArray() : Ended(packer, packed);
        }
    }

    private static byte[] Ended(Stream packer, MemoryStream packed)
    {
        packer.Dispose();
        return packed.ToArray();
    }

    private sealed class NeverStream : MemoryStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return 0;
        }
    }
}
