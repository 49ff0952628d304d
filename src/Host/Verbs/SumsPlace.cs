using System.Security.Cryptography;
using System.Text;
using LayerStream.Storage.Sums;

namespace LayerStream.Host.Verbs;

/// <summary>Where the checksums of a model lie: beside it, or in the user's cache folder when its own cannot be written.</summary>
internal sealed class SumsPlace(string modelFile, string? chosen)
{
    private const string Ending = ".layerstream-sums.json";

    private readonly string _beside = modelFile + Ending;
    private readonly string _cached = Path.Combine(CacheFolder(), "layerstream", "sums", NameFor(modelFile));

    /// <summary>The file with recorded checksums, or null when there is none yet.</summary>
    public string? Find() => Candidates().FirstOrDefault(File.Exists);

    /// <summary>Saves where it can.</summary>
    /// <returns>The path.</returns>
    /// <exception cref="IOException">Nowhere could be written.</exception>
    public string Save(SumsFile sums)
    {
        if (chosen is not null)
        {
            sums.Save(chosen);
            return chosen;
        }

        try
        {
            sums.Save(_beside);
            return _beside;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_cached)!);
            sums.Save(_cached);
            return _cached;
        }
    }

    private IEnumerable<string> Candidates() => chosen is not null ? [chosen] : [_beside, _cached];

    // XDG base directory specification: an unset, empty or relative value means the default.
    private static string CacheFolder()
    {
        string? set = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        return Path.IsPathFullyQualified(set ?? "") ? set! : OperatingSystem.IsWindows()
            ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
    }

    private static string NameFor(string path) =>
        $"{Path.GetFileName(path)}.{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path)))[..16]}.json";
}
