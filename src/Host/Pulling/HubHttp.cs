using System.Net;
using System.Net.Http.Headers;
using System.Reflection;

namespace LayerStream.Host.Pulling;

/// <summary>
/// Requests with the rules of a download: redirects from https to https or to the same server only, the key to the hub only, errors with
/// the way out of them. One for all connections.
/// </summary>
internal sealed class HubHttp : IDisposable
{
    private const int MostRedirects = 10;
    private static readonly TimeSpan s_idleConnection = TimeSpan.FromSeconds(30);
    private readonly HttpClient _client;
    private readonly PullOptions _options;

    /// <param name="options">Hub, key and time limits.</param>
    /// <param name="handler">In place of the network.</param>
    public HubHttp(PullOptions options, HttpMessageHandler? handler = null)
    {
        _options = options;
        _client = new HttpClient(handler ?? new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None, // ranges are of the bytes as they are stored
            ConnectTimeout = options.AnswerLimit,
            PooledConnectionIdleTimeout = s_idleConnection,
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        string version = typeof(HubHttp).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";
        _client.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", $"layerstream/{version.Split('+')[0]}");
    }

    /// <summary>The answer to a GET, its body not yet read. Status is 200 or 206.</summary>
    /// <param name="url">Address.</param>
    /// <param name="range">Bytes wanted, or null.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="InterruptedTransferException">No answer came, or one that asks to come again.</exception>
    /// <exception cref="PullException">It was refused.</exception>
    public async Task<HttpResponseMessage> GetAsync(Uri url, RangeHeaderValue? range, CancellationToken ct)
    {
        Uri at = url;
        for (int redirects = 0; redirects <= MostRedirects; redirects++)
        {
            HttpResponseMessage answer = await SendAsync(at, range, ct);
            try
            {
                if (answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.PartialContent)
                {
                    return answer;
                }

                if (answer.Headers.Location is not { } location || (int)answer.StatusCode is < 300 or >= 400)
                {
                    throw Refusal(answer, at);
                }

                at = Next(at, location);
            }
            catch
            {
                answer.Dispose();
                throw;
            }

            answer.Dispose();
        }

        throw new PullException($"{Shown(url)} leads from one address to the next, {MostRedirects} times and more.");
    }

    public void Dispose() => _client.Dispose();

    /// <summary>An address without what may be secret in it.</summary>
    internal static string Shown(Uri url) => url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);

    private async Task<HttpResponseMessage> SendAsync(Uri url, RangeHeaderValue? range, CancellationToken ct)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, url);
        request.Headers.Range = range;
        if (IsTrusted(url))
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _options.Token);
        }

        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(_options.AnswerLimit);
        try
        {
            return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new InterruptedTransferException($"{Shown(url)} did not answer within {_options.AnswerLimit.TotalSeconds:0.#} s");
        }
        catch (HttpRequestException e)
        {
            throw new InterruptedTransferException($"{Shown(url)}: {e.Message}", null, e);
        }
    }

    /// <summary>Whether the key may be sent: to the hub itself, and over a line that nobody reads.</summary>
    private bool IsTrusted(Uri url) => _options.Token is not null && PullSource.SameOrigin(url, _options.Endpoint)
        && (url.Scheme == Uri.UriSchemeHttps || url.IsLoopback);

    private static Uri Next(Uri from, Uri location)
    {
        Uri to = location.IsAbsoluteUri ? location : new Uri(from, location);
        return (from.Scheme == Uri.UriSchemeHttps && to.Scheme == Uri.UriSchemeHttps) || PullSource.SameOrigin(from, to) ? to
            : throw new PullException($"{Shown(from)} leads on to {Shown(to)}: from {from.Scheme} to {to.Scheme} on another server is not "
                + "followed. If that is where the file is, pull that address.");
    }

    private Exception Refusal(HttpResponseMessage answer, Uri url)
    {
        string place = Shown(url);
        TimeSpan? wait = answer.Headers.RetryAfter is { } after ? after.Delta ?? after.Date - DateTimeOffset.UtcNow : null;
        return (int)answer.StatusCode switch
        {
            401 => new PullException(_options.Token is null
                ? $"{place} asks for a token (HTTP 401): there is no such repository or file, or it is not open to everybody. Set HF_TOKEN "
                    + "or give --token-file."
                : $"{place} does not take the token that was sent (HTTP 401): it may have ended, or not be for this server."),
            403 => new PullException($"{place} is not open to {(_options.Token is null ? "people without a token" : "this token")} (HTTP "
                + "403). Some models ask for consent first: open the page of the repository, agree, then pull with a token that may read "
                + "it."),
            404 => new PullException($"{place} is not there (HTTP 404). Look at the spelling; a private one needs HF_TOKEN."),
            429 => new InterruptedTransferException($"{place} has had too many requests (HTTP 429); a token may be allowed more", wait),
            408 or 500 or 502 or 503 or 504 => new InterruptedTransferException($"{place} answered HTTP {(int)answer.StatusCode}", wait),
            int status => new PullException($"{place} answered HTTP {status} {answer.ReasonPhrase}."),
        };
    }
}
