using LayerStream.Formats;

namespace LayerStream.Session.Catalogue;

/// <summary>A model of a folder as its file names tell of it; nothing of it was opened.</summary>
public sealed record CatalogueEntry
{
    /// <summary>The folder it was found in.</summary>
    public required string Folder { get; init; }

    /// <summary>Its files, the first shard first. Of a set with missing shards: those that are there.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Its name: unique in the catalogue.</summary>
    public required string Name { get; init; }

    /// <summary>The parts of the name.</summary>
    public required ModelName Parts { get; init; }

    /// <summary>Bytes of its files; of a download that has not ended: those that are there.</summary>
    public required long Bytes { get; init; }

    /// <summary>When it was last written.</summary>
    public required DateTimeOffset ModifiedAt { get; init; }

    /// <summary>Why it cannot be a model, as far as names tell; null otherwise.</summary>
    public string? Problem { get; init; }

    /// <summary>The path that stands for it.</summary>
    public string Path => Files[0];

    /// <summary>File name without ending and shard number.</summary>
    public string Stem => StemOf(System.IO.Path.GetFileName(Path));

    /// <summary>Path below the folder, with slashes, without ending and shard number.</summary>
    public string RelativeStem => StemOf(System.IO.Path.GetRelativePath(Folder, Path).Replace('\\', '/'));

    /// <summary><c>OWNER/REPO</c> of a model that lies two folders deep, as <c>pull</c> puts it; else null.</summary>
    public string? Repository => RelativeStem.Split('/') is [var owner, var repository, _, ..] ? $"{owner}/{repository}" : null;

    /// <summary>Other names it goes by.</summary>
    public IReadOnlyList<string> Aliases =>
    [
        .. new[] { Parts.Text, Stem, RelativeStem, Repository is { } of ? $"{of}:{QuantTag.OfName(Stem) ?? Stem}" : Stem }
            .Distinct(StringComparer.OrdinalIgnoreCase).Where(alias => !alias.Equals(Name, StringComparison.OrdinalIgnoreCase)),
    ];

    private static string StemOf(string path)
    {
        string shard = path.EndsWith(DownloadJournal.PartEnding, StringComparison.OrdinalIgnoreCase)
            ? path[..^DownloadJournal.PartEnding.Length] : path;
        return ShardName.TryParse(shard, out ShardName name) ? name.Prefix
            : shard.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) ? shard[..^5] : shard;
    }
}
