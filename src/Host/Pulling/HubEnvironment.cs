using LayerStream.Session;

namespace LayerStream.Host.Pulling;

/// <summary>What the environment says of the hub, in the variables that its own tools read.</summary>
public static class HubEnvironment
{
    private const int MostTokenBytes = 4096;
    private const string PublicHub = "https://huggingface.co";

    /// <summary>Address of the hub: <c>HF_ENDPOINT</c>, else the public one.</summary>
    /// <exception cref="UsageException">It is no address.</exception>
    public static Uri Endpoint()
    {
        string? set = Environment.GetEnvironmentVariable("HF_ENDPOINT");
        string text = string.IsNullOrWhiteSpace(set) ? PublicHub : set.Trim().TrimEnd('/');
        return Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.Scheme is "https" or "http"
            ? address : throw new UsageException($"HF_ENDPOINT must be an address such as {PublicHub}, not '{text}'.");
    }

    /// <summary>The key: the given file, else <c>HF_TOKEN</c>, else the file of <c>HF_TOKEN_PATH</c>, else <c>token</c> in <c>HF_HOME</c>
    /// or in the hub's cache folder; null when there is none.</summary>
    /// <exception cref="UsageException">The given file cannot be read or holds no key.</exception>
    public static string? Token(string? file)
    {
        if (file is not null)
        {
            return ReadToken(file) ?? throw new UsageException($"--token-file {file} cannot be read or holds no token.");
        }

        string? token = Variable("HF_TOKEN");
        if (token is not null)
        {
            return IsToken(token) ? token : throw new UsageException("HF_TOKEN holds characters that no token has.");
        }

        string cache = Variable("XDG_CACHE_HOME")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        string home = Variable("HF_HOME") ?? Path.Combine(cache, "huggingface");
        return ReadToken(Variable("HF_TOKEN_PATH") ?? Path.Combine(home, "token"));
    }

    private static string? ReadToken(string path)
    {
        try
        {
            return File.Exists(path) && new FileInfo(path).Length <= MostTokenBytes
                && File.ReadAllText(path).Trim() is { Length: > 0 } token && IsToken(token) ? token : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // It becomes a header: no white space, nothing beyond ASCII.
    private static bool IsToken(string text) => text.All(c => c is > ' ' and < '\u007f');

    private static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name)?.Trim() is { Length: > 0 } value ? value : null;
}
