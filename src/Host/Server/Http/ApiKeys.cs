using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace LayerStream.Host.Server.Http;

/// <summary>Keys that open the daemon. Only SHA-256 hashes are kept; comparison takes the same time for every key.</summary>
internal sealed class ApiKeys
{
    private const string Bearer = "Bearer ";
    private const string ShareMark = " share=";
    private readonly string? _path;
    private Key[] _keys;

    private ApiKeys(string? path)
    {
        _path = path;
        _keys = Read(path);
    }

    /// <summary>Whether a request must bring a key.</summary>
    public bool AreRequired => _path is not null;

    /// <summary>One key.</summary>
    /// <param name="Hash">SHA-256 of its text.</param>
    /// <param name="Share">Most of the places (running and waiting) that requests with it may take, 0 &lt; share ≤ 1.</param>
    internal sealed record Key(byte[] Hash, double Share)
    {
        /// <summary>Names the key without telling it.</summary>
        public string Holder { get; } = Convert.ToHexString(Hash);
    }

    /// <summary>Reads a key file: one key per line, with <c> share=25%</c> behind it if it may not take all places; blank lines and those
    /// that begin with # are skipped. Null gives an empty set.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file holds no key, or a share that is none.</exception>
    public static ApiKeys Load(string? path) => new(path);

    /// <summary>Reads the file again. If it fails the keys stay as they are.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file holds no key, or a share that is none.</exception>
    public void Reload() => Volatile.Write(ref _keys, Read(_path));

    /// <summary>The key in an Authorization header, or null.</summary>
    public Key? FindBearer(string? authorization) =>
        authorization is not null && authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            ? Find(authorization[Bearer.Length..].Trim()) : null;

    /// <summary>The key that a text is, or null.</summary>
    public Key? Find(string? text)
    {
        byte[] given = Hash(text ?? "");
        Key? found = null;
        foreach (Key key in Volatile.Read(ref _keys))
        {
            found = CryptographicOperations.FixedTimeEquals(key.Hash, given) ? key : found;
        }

        return found;
    }

    private static Key[] Read(string? path)
    {
        if (path is null)
        {
            return [];
        }

        IEnumerable<string> lines = File.ReadAllLines(path).Select(line => line.Trim());
        Key[] keys = [.. lines.Where(line => line.Length > 0 && line[0] != '#').Select(Parse)];
        return keys.Length > 0 ? keys : throw new InvalidDataException("the API key file holds no key");
    }

    private static Key Parse(string line)
    {
        int mark = line.LastIndexOf(ShareMark, StringComparison.Ordinal);
        if (mark < 0)
        {
            return new Key(Hash(line), 1);
        }

        string text = line[(mark + ShareMark.Length)..].TrimEnd('%');
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double percent) && percent is > 0 and <= 100
            ? new Key(Hash(line[..mark].TrimEnd()), percent / 100)
            : throw new InvalidDataException("the API key file has a share that is no percentage from 1 to 100");
    }

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
