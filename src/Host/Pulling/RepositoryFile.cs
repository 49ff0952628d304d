using LayerStream.Formats;
using LayerStream.Session.Catalogue;

namespace LayerStream.Host.Pulling;

/// <summary>A file of a repository.</summary>
/// <param name="Path">Path in it, with slashes.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">SHA-256 in lower-case hexadecimal digits; null when the hub does not say.</param>
public sealed record RepositoryFile(string Path, long Bytes, string? Sha256)
{
    private const int MostNameLength = 255;

    /// <summary>Whether every part of a path is an ordinary name, so that no file comes to lie outside its folder.</summary>
    public static bool IsSafe(string path) => path.Split('/').All(part => part is not ("" or "." or "..") && part.Length <= MostNameLength
        && !part.Any(c => char.IsControl(c) || c is '\\' or ':' or '*' or '?' or '"' or '<' or '>' or '|'));
}

/// <summary>A model of a repository: one file, or all shards of one.</summary>
/// <param name="Stem">Path without ending and shard number.</param>
/// <param name="Files">Its files in order.</param>
/// <param name="Shards">How many files it has by its names.</param>
public sealed record RepositoryModel(string Stem, IReadOnlyList<RepositoryFile> Files, int Shards)
{
    /// <summary>File name without ending and shard number.</summary>
    public string Name => Stem[(Stem.LastIndexOf('/') + 1)..];

    /// <summary>Its quantisation by file or folder name, or null.</summary>
    public string? Quant => QuantTag.OfName(Name) ?? (Stem.Contains('/') ? QuantTag.OfName(Stem.Split('/')[^2]) : null);

    /// <summary>Bytes of all its files.</summary>
    public long Bytes => Files.Sum(f => f.Bytes);

    /// <summary>The language models among the files: no projectors of pictures, no importance matrices.</summary>
    public static IReadOnlyList<RepositoryModel> Of(IEnumerable<RepositoryFile> files) =>
    [
        .. files.Where(f => f.Path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) && RepositoryFile.IsSafe(f.Path)
                && !System.IO.Path.GetFileName(f.Path).Contains("mmproj", StringComparison.OrdinalIgnoreCase)
                && !System.IO.Path.GetFileName(f.Path).Contains("imatrix.gguf", StringComparison.OrdinalIgnoreCase))
            .OrderBy(f => f.Path, StringComparer.Ordinal)
            .GroupBy(f => ShardName.TryParse(f.Path, out ShardName shard) ? (shard.Prefix, shard.Count) : (f.Path[..^5], 1))
            .Select(g => new RepositoryModel(g.Key.Item1, [.. g], g.Key.Item2)),
    ];
}
