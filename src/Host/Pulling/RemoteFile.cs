using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace LayerStream.Host.Pulling;

/// <summary>A file at a server, as its first answer describes it.</summary>
/// <param name="Url">Address.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="ETag">The server's mark of its contents, if it vouches for every byte, else the time of its last change; or null.</param>
/// <param name="HasRanges">Whether parts of it can be asked for.</param>
internal sealed record RemoteFile(Uri Url, long Bytes, string? ETag, bool HasRanges)
{
    /// <summary>Asks for the first byte.</summary>
    /// <param name="http">Connection.</param>
    /// <param name="url">Address.</param>
    /// <param name="wantedBytes">The length it must have; null = any.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="PullException">Refused, without a length, or of another length.</exception>
    /// <exception cref="InterruptedTransferException">Try again.</exception>
    public static async Task<RemoteFile> AskAsync(HubHttp http, Uri url, long? wantedBytes, CancellationToken ct)
    {
        using HttpResponseMessage answer = await http.GetAsync(url, new RangeHeaderValue(0, 0), ct);
        bool hasRanges = answer.StatusCode == HttpStatusCode.PartialContent;
        string place = HubHttp.Shown(url);
        long bytes = (hasRanges ? answer.Content.Headers.ContentRange?.Length : answer.Content.Headers.ContentLength) ?? wantedBytes
            ?? throw new PullException($"{place} does not say how long the file is.");
        return bytes > 0 && bytes == (wantedBytes ?? bytes) ? new RemoteFile(url, bytes, Mark(answer), hasRanges)
            : throw new PullException(bytes <= 0 ? $"{place} is empty."
                : $"{place} has {Text(bytes)} bytes, but {Text(wantedBytes!.Value)} are listed: it is not the file that it should be.");
    }

    /// <summary>Compares an answer with what was asked for.</summary>
    /// <param name="answer">Its headers.</param>
    /// <param name="begin">First byte.</param>
    /// <param name="end">Byte behind the last.</param>
    /// <exception cref="PullException">It is another part, of another length, or of other contents.</exception>
    public void Check(HttpResponseMessage answer, long begin, long end)
    {
        string place = HubHttp.Shown(Url);
        if (Mark(answer) is { } mark && ETag is not null && mark != ETag)
        {
            throw new PullException($"{place} has changed while it was downloaded. Start again: what came of the old one is given up "
                + "then.");
        }

        long? length = answer.Content.Headers.ContentLength;
        if (!HasRanges)
        {
            Require(answer.StatusCode == HttpStatusCode.OK && (length ?? Bytes) == Bytes, $"{Text(length)} bytes instead of {Text(Bytes)}");
            return;
        }

        ContentRangeHeaderValue? range = answer.Content.Headers.ContentRange;
        Require(answer.StatusCode == HttpStatusCode.PartialContent && range is not null, "the whole file instead of a part");
        Require(range!.From == begin && range.To == end - 1, $"bytes {Text(range.From)} to {Text(range.To)} instead of {Text(begin)} to "
            + Text(end - 1));
        Require((range.Length ?? Bytes) == Bytes, $"a file of {Text(range.Length)} bytes instead of {Text(Bytes)}");
        Require((length ?? end - begin) == end - begin, $"{Text(length)} bytes instead of {Text(end - begin)}");

        void Require(bool holds, string wrong)
        {
            if (!holds)
            {
                throw new PullException($"{place} sends {wrong}: a server or a proxy on the way is at fault.");
            }
        }
    }

    private static string? Mark(HttpResponseMessage answer) => answer.Headers.ETag is { IsWeak: false } mark ? mark.Tag
        : answer.Content.Headers.LastModified?.ToString("R", CultureInfo.InvariantCulture);

    private static string Text(long? bytes) => bytes?.ToString(CultureInfo.InvariantCulture) ?? "no number of";
}
