using System.Text.Json;

namespace LayerStream.Host.Pulling;

/// <summary>Lists a repository by the hub's API (<c>/api/models/OWNER/REPO/tree/REVISION</c>).</summary>
internal static class HubListing
{
    private const int MostPages = 100;
    private const int MostPageBytes = 16 << 20;
    private const int DigestDigits = 64;

    /// <summary>All files of the branch <c>main</c>.</summary>
    /// <exception cref="PullException">It is not there, not open, or the answer is no such list.</exception>
    public static async Task<IReadOnlyList<RepositoryFile>> FilesAsync(HubHttp http, PullOptions options, string repository,
        CancellationToken ct)
    {
        Uri? page = new($"{options.Endpoint.AbsoluteUri.TrimEnd('/')}/api/models/{repository}/tree/main?recursive=true");
        List<RepositoryFile> files = [];
        Retries retries = new(options);
        for (int pages = 0; page is not null; pages++)
        {
            Uri at = pages < MostPages ? page : throw new PullException($"The list of {repository} does not end.");
            page = await retries.RunAsync(() => PageAsync(http, at, files, ct), ct);
        }

        return files;
    }

    /// <summary>Address of a file.</summary>
    public static Uri UrlOf(PullOptions options, string repository, RepositoryFile file)
    {
        string path = string.Join('/', file.Path.Split('/').Select(Uri.EscapeDataString));
        return new Uri($"{options.Endpoint.AbsoluteUri.TrimEnd('/')}/{repository}/resolve/main/{path}");
    }

    /// <summary>Reads a page; gives the address of the next.</summary>
    private static async Task<Uri?> PageAsync(HubHttp http, Uri url, List<RepositoryFile> files, CancellationToken ct)
    {
        using HttpResponseMessage answer = await http.GetAsync(url, null, ct);
        try
        {
            using MemoryStream bytes = new();
            await using Stream body = await answer.Content.ReadAsStreamAsync(ct);
            byte[] room = new byte[1 << 16];
            for (int read; (read = await body.ReadAsync(room, ct)) > 0;)
            {
                bytes.Write(room, 0, read);
                if (bytes.Length > MostPageBytes)
                {
                    throw new PullException($"{HubHttp.Shown(url)} answers more than a list of files.");
                }
            }

            using JsonDocument json = JsonDocument.Parse(bytes.GetBuffer().AsMemory(0, (int)bytes.Length));
            files.AddRange(json.RootElement.EnumerateArray().Select(FileOf).OfType<RepositoryFile>());
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new PullException($"{HubHttp.Shown(url)} does not answer with a list of files: is HF_ENDPOINT the address of a hub?", e);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw new InterruptedTransferException($"{HubHttp.Shown(url)}: {e.Message}", null, e);
        }

        return NextOf(answer, url);
    }

    private static RepositoryFile? FileOf(JsonElement item)
    {
        if (item.TryGetProperty("type", out JsonElement type) && type.GetString() != "file")
        {
            return null;
        }

        string path = item.GetProperty("path").GetString() ?? "";
        bool isLarge = item.TryGetProperty("lfs", out JsonElement lfs) && lfs.ValueKind == JsonValueKind.Object;
        JsonElement size = isLarge && lfs.TryGetProperty("size", out JsonElement real) ? real : item.GetProperty("size");
        string? digest = isLarge && lfs.TryGetProperty("oid", out JsonElement oid) ? oid.GetString() : null;
        digest = digest?.Replace("sha256:", "", StringComparison.Ordinal).ToLowerInvariant();
        bool isDigest = digest?.Length == DigestDigits && digest.All(char.IsAsciiHexDigit);
        return size.TryGetInt64(out long bytes) && bytes > 0 ? new RepositoryFile(path, bytes, isDigest ? digest : null) : null;
    }

    /// <summary>The link to the next page (RFC 8288), on the same server.</summary>
    private static Uri? NextOf(HttpResponseMessage answer, Uri url)
    {
        if (!answer.Headers.TryGetValues("Link", out IEnumerable<string>? links)
            || links.SelectMany(l => l.Split(','))
                .FirstOrDefault(l => l.Contains("rel=\"next\"", StringComparison.Ordinal)) is not { } link)
        {
            return null;
        }

        int begin = link.IndexOf('<'), end = link.IndexOf('>');
        return begin >= 0 && end > begin && Uri.TryCreate(url, link[(begin + 1)..end], out Uri? next) && PullSource.SameOrigin(url, next)
            ? next : null;
    }
}
