using System.IO.Compression;
using Microsoft.AspNetCore.Http;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace LayerStream.Host.Server.Http;

/// <summary>A way in which clients pack bodies. The table is all there is; the window of each is part of the request's memory.</summary>
/// <param name="Name">As in Content-Encoding.</param>
/// <param name="WindowBytes">What unpacking takes beside the unpacked bytes.</param>
/// <param name="Unpack">A reader of the unpacked bytes.</param>
internal sealed record BodyEncoding(string Name, long WindowBytes, Func<Stream, Stream> Unpack)
{
    private const int ZstdWindowLog = 21; // 2 MiB, what level 3 uses

    private static readonly BodyEncoding[] s_rows =
    [
        new("gzip", 128 << 10, packed => new GZipStream(packed, CompressionMode.Decompress)),
        new("x-gzip", 128 << 10, packed => new GZipStream(packed, CompressionMode.Decompress)),
        new("deflate", 128 << 10, packed => new ZLibStream(packed, CompressionMode.Decompress)),
        new("br", 4 << 20, packed => new BrotliStream(packed, CompressionMode.Decompress)),
        new("zstd", 3 << 20, UnpackZstd),
    ];

    /// <summary>Names of all, for messages.</summary>
    public static string Names => string.Join(", ", s_rows.Select(r => r.Name));

    /// <summary>The body as it was before it was packed; the packing's window is taken from <paramref name="memory"/>.</summary>
    /// <exception cref="ApiException">415 for an unknown encoding, 413 or 429 for the window.</exception>
    public static Stream Open(HttpRequest request, RequestMemory.Holding memory)
    {
        Stream body = request.Body;
        string[] names =
            request.Headers.ContentEncoding.ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (Array.TrueForAll(names, n => n.Equals("identity", StringComparison.OrdinalIgnoreCase)))
        {
            return body;
        }

        BodyEncoding? row = names.Length == 1 ? Array.Find(s_rows, r => r.Name.Equals(names[0], StringComparison.OrdinalIgnoreCase)) : null;
        if (row is null)
        {
            throw new ApiException(415, "invalid_request_error", $"the body's encoding must be one of {Names}", "unsupported_encoding",
                "Content-Encoding");
        }

        memory.Grow(row.WindowBytes, "unpacking the body");
        return row.Unpack(body);
    }

    private static DecompressionStream UnpackZstd(Stream packed)
    {
        DecompressionStream stream = new(packed, leaveOpen: true);
        stream.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, ZstdWindowLog);
        return stream;
    }
}
