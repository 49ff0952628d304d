using System.Security.Cryptography;
using System.Text;

namespace LayerStream.Host.Server.Http;

/// <summary>Keys that open the daemon. Only SHA-256 hashes are kept; comparison takes the same time for every key.</summary>
internal sealed class ApiKeys
{
    private readonly byte[][] _hashes;

    private ApiKeys(byte[][] hashes) => _hashes = hashes;

    /// <summary>Whether a request must bring a key.</summary>
    public bool AreRequired => _hashes.Length > 0;

    /// <summary>Reads a key file: one key per line, blank lines skipped. Null gives an empty set.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file holds no key.</exception>
    public static ApiKeys Load(string? path)
    {
        if (path is null)
        {
            return new ApiKeys([]);
        }

        byte[][] hashes = [.. File.ReadAllLines(path).Select(line => line.Trim()).Where(line => line.Length > 0).Select(Hash)];
        return hashes.Length > 0 ? new ApiKeys(hashes) : throw new InvalidDataException("the API key file holds no key");
    }

    /// <summary>Whether an Authorization header carries one of the keys as a bearer token.</summary>
    public bool AcceptsBearer(string? authorization)
    {
        const string Scheme = "Bearer ";
        if (authorization is null || !authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        return Accepts(authorization[Scheme.Length..].Trim());
    }

    /// <summary>Whether a text is one of the keys.</summary>
    public bool Accepts(string? key)
    {
        byte[] given = Hash(key ?? "");
        bool found = false;
        foreach (byte[] hash in _hashes)
        {
            found |= CryptographicOperations.FixedTimeEquals(hash, given);
        }

        return found;
    }

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
