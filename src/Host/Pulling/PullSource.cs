using System.Text.RegularExpressions;
using LayerStream.Session;

namespace LayerStream.Host.Pulling;

/// <summary>What <c>pull</c> was asked for: a repository of the hub, perhaps one file of it, or any address of a file.</summary>
/// <param name="Text">As it can be typed again.</param>
/// <param name="Repository">OWNER/REPO, or null.</param>
/// <param name="Quant">Quantisation or file that was named, or null.</param>
/// <param name="Url">Address of a file elsewhere, or null.</param>
public sealed partial record PullSource(string Text, string? Repository, string? Quant, Uri? Url)
{
    private static readonly string[] s_hubs = ["hf.co", "huggingface.co", "www.huggingface.co"];

    /// <summary>Reads <c>hf.co/OWNER/REPO[:QUANT]</c>, <c>OWNER/REPO[:QUANT]</c>, a page of the hub, or the address of a GGUF
    /// file.</summary>
    /// <exception cref="UsageException">It is none of them.</exception>
    public static PullSource Parse(string text, Uri endpoint)
    {
        string plain = text.Trim();
        if (Uri.TryCreate(plain, UriKind.Absolute, out Uri? url) && url.Scheme is "https" or "http")
        {
            bool isHub = s_hubs.Contains(url.Host, StringComparer.OrdinalIgnoreCase) || SameOrigin(url, endpoint);
            return isHub && OfHub(Uri.UnescapeDataString(url.AbsolutePath).Trim('/')) is { } page ? page : OfUrl(url);
        }

        string path = s_hubs.FirstOrDefault(h => plain.StartsWith(h + "/", StringComparison.OrdinalIgnoreCase)) is { } host
            ? plain[(host.Length + 1)..] : plain;
        return OfHub(path.Trim('/')) ?? throw new UsageException($"'{text}' names nothing to pull. Write hf.co/OWNER/REPO, "
            + "hf.co/OWNER/REPO:QUANT (for example :Q4_K_M), or the address of a .gguf file.");
    }

    /// <summary>Whether two addresses have scheme, host and port in common.</summary>
    internal static bool SameOrigin(Uri a, Uri b) =>
        a.Scheme == b.Scheme && a.Port == b.Port && a.Host.Equals(b.Host, StringComparison.OrdinalIgnoreCase);

    private static PullSource? OfHub(string path)
    {
        Match match = HubPath().Match(path);
        if (!match.Success || match.Groups["owner"].Value is "." or ".." || match.Groups["repo"].Value is "." or "..")
        {
            return null;
        }

        string repository = $"{match.Groups["owner"].Value}/{match.Groups["repo"].Value}";
        string quant = match.Groups["file"].Success ? match.Groups["file"].Value : match.Groups["quant"].Value;
        quant = quant.Equals("latest", StringComparison.OrdinalIgnoreCase) ? "" : quant;
        return quant.Length == 0 ? new PullSource($"hf.co/{repository}", repository, null, null)
            : new PullSource($"hf.co/{repository}:{quant}", repository, quant, null);
    }

    private static PullSource OfUrl(Uri url)
    {
        string name = Path.GetFileName(Uri.UnescapeDataString(url.AbsolutePath));
        return name.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) && RepositoryFile.IsSafe(name)
            ? new PullSource(url.AbsoluteUri, null, null, url)
            : throw new UsageException($"{url.GetLeftPart(UriPartial.Path)} does not end in the name of a .gguf file.");
    }

    [GeneratedRegex(@"^(?<owner>[a-z0-9_.-]{1,96})/(?<repo>[a-z0-9_.-]{1,96})(?::(?<quant>[a-z0-9_./-]{1,255})"
        + @"|/(?:resolve|blob)/[^/]+/(?<file>.{1,512}\.gguf)|/tree/[^/]+)?$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex HubPath();
}
