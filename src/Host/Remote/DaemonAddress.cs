using System.Net.Http.Headers;
using LayerStream.Session;

namespace LayerStream.Host.Remote;

/// <summary>The address of a running daemon, and what fails on the way to it, in words.</summary>
internal static class DaemonAddress
{
    /// <summary>A client of the daemon at an address; nothing is sent yet.</summary>
    /// <param name="option">The option that names it.</param>
    /// <param name="url">Such as http://127.0.0.1:5099.</param>
    /// <param name="keyFile">A file whose first line is the key that it asks for; null = none.</param>
    /// <exception cref="UsageException">This is no address, or the file holds no key.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static HttpClient Open(string option, string url, string? keyFile)
    {
        if (!Uri.TryCreate(url.TrimEnd('/') + "/", UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https"))
        {
            throw new UsageException($"{option} takes an address such as http://127.0.0.1:5099, not '{url}'.");
        }

        string? key = keyFile is null ? null : File.ReadLines(keyFile).FirstOrDefault("").Trim();
        if (key is "")
        {
            throw new UsageException($"The first line of {keyFile} holds no key.");
        }

        HttpClient client = new() { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    /// <summary>Why a request failed: of errors around errors the one that says it.</summary>
    public static string Reason(Exception error) => error.GetBaseException().Message;

    /// <summary>What helps against a refusal; empty = nothing that is known.</summary>
    public static string Hint(int status) => status == 401 ? " Give its key with --key-file." : "";
}
