using LayerStream.Host.Server.Http;

namespace LayerStream.Host.Server.Files;

/// <summary>How long a file is kept.</summary>
internal static class FileLife
{
    private const long LeastSeconds = 3600;
    private const long MostSeconds = 30 * 24 * 3600;

    /// <summary>Refuses seconds that are too few or too many.</summary>
    /// <exception cref="ApiException">400.</exception>
    public static long Check(long seconds, string name) => seconds is >= LeastSeconds and <= MostSeconds ? seconds
        : throw ApiException.Invalid(name, $"'{name}' must be between {LeastSeconds} and {MostSeconds}", "out_of_range");
}
