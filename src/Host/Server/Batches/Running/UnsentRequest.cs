using System.Globalization;
using System.Runtime.InteropServices;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace LayerStream.Host.Server.Batches.Running;

/// <summary>A request that no client has sent, for the endpoint that would answer it.</summary>
internal sealed class UnsentRequest : IHttpRequestLifetimeFeature
{
    private readonly GatheredBody _body;

    /// <param name="line">What is asked.</param>
    /// <param name="scope">For whom.</param>
    /// <param name="place">Its place.</param>
    /// <param name="memory">Pays for the answer.</param>
    /// <param name="ct">Ends it.</param>
    public UnsentRequest(BatchLine line, string scope, Admission.Place place, RequestMemory.Holding memory, CancellationToken ct)
    {
        RequestAborted = ct;
        Http = new DefaultHttpContext();
        Http.Features.Set<IHttpRequestLifetimeFeature>(this);
        Http.Request.Method = HttpMethods.Post;
        Http.Request.Path = line.Url;
        Http.Request.ContentType = "application/json";
        Http.Request.ContentLength = line.Body.Length;
        Http.Request.Body = MemoryMarshal.TryGetArray(line.Body, out ArraySegment<byte> bytes)
            ? new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count, writable: false) : new MemoryStream(line.Body.ToArray());
        Http.Response.Body = _body = new GatheredBody(memory);
        RequestGuard.SetScope(Http, scope);
        ServerState.SetPlace(Http, place);
    }

    /// <summary>The request and its answer.</summary>
    public HttpContext Http { get; }

    /// <inheritdoc/>
    public CancellationToken RequestAborted { get; set; }

    /// <summary>Whether the answer ended before it was whole.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>HTTP status.</summary>
    public int Status => Http.Response.StatusCode;

    /// <summary>Whether the same request may have another answer a little later.</summary>
    public bool MayPass => _body.IsOverdrawn || Status == StatusCodes.Status429TooManyRequests
        || (Status == StatusCodes.Status503ServiceUnavailable && Http.Response.Headers.RetryAfter.Count > 0);

    /// <summary>Seconds after which it may.</summary>
    public int RetrySeconds => int.TryParse(Http.Response.Headers.RetryAfter, CultureInfo.InvariantCulture, out int seconds) ? seconds : 1;

    /// <summary>The answer's body as one line.</summary>
    public ReadOnlyMemory<byte> Line()
    {
        Memory<byte> body = _body.Written;
        body.Span.Replace((byte)'\n', (byte)' '); // between two tokens: in a text it would be escaped
        body.Span.Replace((byte)'\r', (byte)' ');
        return body.Trim(" "u8);
    }

    /// <inheritdoc/>
    public void Abort() => IsBroken = true;
}
