using LayerStream.Formats;

namespace LayerStream.Session.Catalogue;

/// <summary>The models of some folders. Made from file names alone, so that it costs no reading of models.</summary>
public sealed class ModelCatalogue
{
    private static readonly Dictionary<string, string> s_foreign = new(StringComparer.OrdinalIgnoreCase)
    {
        [".safetensors"] = "safetensors, not GGUF: convert it",
        [".ggml"] = "a GGML file of before August 2023, not GGUF: convert it again",
        [".ggjt"] = "a GGJT file of before August 2023, not GGUF: convert it again",
        [".pt"] = "a PyTorch checkpoint, not GGUF: convert it",
        [".pth"] = "a PyTorch checkpoint, not GGUF: convert it",
        [".bin"] = "not GGUF by its name: convert it, or give it the ending .gguf if it is",
        [".onnx"] = "ONNX, not GGUF",
    };

    private ModelCatalogue(IReadOnlyList<string> folders, IReadOnlyList<CatalogueEntry> entries) => (Folders, Entries) = (folders, entries);

    /// <summary>The folders, full paths.</summary>
    public IReadOnlyList<string> Folders { get; }

    /// <summary>What was found: models by name, then what cannot be one.</summary>
    public IReadOnlyList<CatalogueEntry> Entries { get; }

    /// <summary>Looks through folders. One that is not there holds nothing.</summary>
    public static ModelCatalogue Of(IReadOnlyList<string> folders)
    {
        List<CatalogueEntry> entries = [];
        HashSet<string> paths = [];
        foreach (string folder in folders.Where(Directory.Exists))
        {
            (IReadOnlyList<string> files, IReadOnlyList<(string Path, string Reason)> unread) = FolderWalk.Of(folder);
            entries.AddRange(Found(folder, [.. files.Where(paths.Add)]));
            entries.AddRange(unread.Select(u => Entry(folder, [u.Path], 0, default) with { Problem = u.Reason }));
        }

        return new ModelCatalogue(folders, [.. Sorted(entries)]);
    }

    /// <summary>The same with the names of those whose file name says too little taken from their contents, for which they are
    /// opened.</summary>
    public ModelCatalogue Completed() => Entries.All(e => e.Problem is not null || e.Parts.Size is not null) ? this
        : new ModelCatalogue(Folders, [.. Sorted(Entries.Select(Complete).ToArray())]);

    /// <summary>The model of one file, with its other shards.</summary>
    public static CatalogueEntry OfFile(string path)
    {
        string full = Path.GetFullPath(path), folder = Path.GetDirectoryName(full) ?? full;
        string[] files = ShardName.TryParse(full, out ShardName shard)
            ? [.. Enumerable.Range(0, shard.Count).Select(shard.Path).Where(File.Exists)] : [full];
        return Sorted([Of(folder, files.Length == 0 ? [full] : files)]).Single();
    }

    private static CatalogueEntry Complete(CatalogueEntry entry)
    {
        if (entry.Problem is not null || entry.Parts.Size is not null)
        {
            return entry;
        }

        try
        {
            return entry with { Parts = ModelFacts.Of(GgufModel.Open(entry.Path), entry).Name };
        }
        catch (ModelFormatException)
        {
            return entry;
        }
    }

    private static IEnumerable<CatalogueEntry> Sorted(IReadOnlyList<CatalogueEntry> entries) =>
        Named(entries).OrderBy(e => e.Problem is not null).ThenBy(e => e.Name, StringComparer.Ordinal);

    private static IEnumerable<CatalogueEntry> Found(string folder, IReadOnlyList<string> files)
    {
        IEnumerable<IGrouping<string, string>> models = files
            .Where(f => Path.GetExtension(f).Equals(".gguf", StringComparison.OrdinalIgnoreCase))
            .GroupBy(f => ShardName.TryParse(f, out ShardName shard) ? shard.Path(0) : f);
        foreach (IGrouping<string, string> model in models)
        {
            string[] set = [.. model];
            CatalogueEntry entry = Of(folder, set);
            bool isSplit = ShardName.TryParse(set[0], out ShardName shard);
            yield return isSplit && set.Length < shard.Count
                ? entry with { Problem = $"{set.Length} of its {shard.Count} files are there: get the others into the same folder" }
                : entry;
        }

        foreach (string file in files)
        {
            if (Foreign(file) is { } reason)
            {
                yield return Of(folder, [file]) with { Problem = reason };
            }
        }
    }

    /// <summary>Why a file with another ending is no model; null when nobody would take it for one.</summary>
    private static string? Foreign(string file)
    {
        string name = Path.GetFileName(file);
        if (name.EndsWith(".gguf" + DownloadJournal.PartEnding, StringComparison.OrdinalIgnoreCase))
        {
            return DownloadJournal.Read(file) is { } journal
                ? $"a download that has not ended, {100 * journal.DoneBytes / journal.TotalBytes} % of it is there; it goes on with: "
                    + $"layerstream pull {journal.Source}"
                : "a download that has not ended";
        }

        return FilePiece.Advice(file) is { } advice && name.Contains(".gguf", StringComparison.OrdinalIgnoreCase) ? advice
            : s_foreign.GetValueOrDefault(Path.GetExtension(file));
    }

    private static CatalogueEntry Of(string folder, IReadOnlyList<string> files)
    {
        try
        {
            FileInfo[] infos = [.. files.Select(f => File.ResolveLinkTarget(f, returnFinalTarget: true) as FileInfo ?? new FileInfo(f))];
            return infos.FirstOrDefault(i => !i.Exists) is { } missing
                ? Entry(folder, files, 0, default) with { Problem = $"a link to {missing.FullName}, which is not there" }
                : Entry(folder, files, infos.Sum(i => i.Length), infos.Max(i => i.LastWriteTimeUtc));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Entry(folder, files, 0, default) with { Problem = e.Message };
        }
    }

    private static CatalogueEntry Entry(string folder, IReadOnlyList<string> files, long bytes, DateTime modifiedAt)
    {
        CatalogueEntry entry = new()
        {
            Folder = folder,
            Files = files,
            Name = "",
            Parts = new ModelName("", null, "", null),
            Bytes = bytes,
            ModifiedAt = modifiedAt == default ? DateTimeOffset.UnixEpoch : new DateTimeOffset(modifiedAt),
        };
        return entry with { Parts = ModelName.OfFile(entry.Stem) };
    }

    /// <summary>Gives each its name; a name that several would have is left to none of them.</summary>
    private static IEnumerable<CatalogueEntry> Named(IReadOnlyList<CatalogueEntry> entries)
    {
        Func<CatalogueEntry, string>[] names = [e => e.Parts.Text, e => e.Stem, e => e.RelativeStem, e => e.Path];
        HashSet<string>[] shared = [.. names.Select(name => entries.Where(e => e.Problem is null)
            .GroupBy(name, StringComparer.OrdinalIgnoreCase).Where(g => g.Count() > 1).Select(g => g.Key)
            .ToHashSet(StringComparer.OrdinalIgnoreCase))];
        return entries.Select(e => e with
        {
            Name = e.Problem is not null ? e.RelativeStem
                : names.Select((name, i) => (Text: name(e), IsShared: shared[i].Contains(name(e)))).First(n => !n.IsShared).Text,
        });
    }
}
