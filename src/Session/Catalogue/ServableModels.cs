using System.Diagnostics;

namespace LayerStream.Session.Catalogue;

/// <summary>
/// The models that a daemon may load: presets, the one it was started with, and those of the folders, which are looked through again when
/// somebody asks and the last look is old. Names cost no reading of files; plans are made when <see cref="Plan"/> is called, once per file.
/// </summary>
/// <param name="options">How models are loaded that no preset names; its path, when there is one, is the default model.</param>
/// <param name="presets">Models under names of their own.</param>
public sealed class ServableModels(ModelOptions options, IReadOnlyList<ModelPreset> presets)
{
    private static readonly TimeSpan s_freshness = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly Dictionary<PlanKey, EntryReport> _reports = [];
    private IReadOnlyList<ServableModel>? _all;
    private IReadOnlyList<ServableModel> _unusable = [];
    private long _looked;

    /// <summary>The budget that all of them share; null = not known yet.</summary>
    public long? BudgetBytes
    {
        get;
        set
        {
            lock (_lock)
            {
                (field, _all) = (value, null); // what follows from it is made anew
            }
        }
    } = options.BudgetBytes;

    /// <summary>The model that the daemon was started with; null = with none.</summary>
    public ServableModel? Default => options.ModelPath.Length == 0 ? null
        : Known().FirstOrDefault(m => m.Preset is null && IsGiven(m.Entry));

    /// <summary>All of them, presets first, by a look at the folders that is not old.</summary>
    public IReadOnlyList<ServableModel> All()
    {
        lock (_lock)
        {
            return _all is null || Stopwatch.GetElapsedTime(_looked) > s_freshness ? Look() : _all;
        }
    }

    /// <summary>Files of the folders that are no models, with the reasons.</summary>
    public IReadOnlyList<ServableModel> Unusable()
    {
        All();
        lock (_lock)
        {
            return _unusable;
        }
    }

    /// <summary>The model that a name means; null when none has it.</summary>
    /// <exception cref="UsageException">Several have it; the message names them.</exception>
    public ServableModel? Find(string name) => Find(Known(), name) ?? Find(All(), name);

    /// <summary>Names that resemble one that nothing has.</summary>
    public IReadOnlyList<string> Near(string name) => NameMatch.Near([.. Known().Select(m => m.Entry)], name);

    /// <summary>What is known of a model without loading it: facts and plan; null = it has not been looked into yet.</summary>
    public EntryReport? Report(ServableModel model)
    {
        lock (_lock)
        {
            return _reports.GetValueOrDefault(PlanKey.Of(model));
        }
    }

    /// <summary>Remembers that a model cannot be loaded as its file is now.</summary>
    public void Refuse(ServableModel model, string problem)
    {
        lock (_lock)
        {
            PlanKey key = PlanKey.Of(model);
            _reports[key] = (_reports.GetValueOrDefault(key) ?? new EntryReport(model.Entry, null, null, null)) with { Problem = problem };
        }
    }

    /// <summary>Looks into models that nobody has looked into, as long as there is time. Parses descriptions, and so takes managed memory:
    /// for moments in which no model is loaded.</summary>
    /// <param name="first">The one to begin with, or null.</param>
    /// <param name="time">The time; the first is looked into in any case.</param>
    /// <param name="ct">Ends it.</param>
    public void Plan(ServableModel? first, TimeSpan time, CancellationToken ct)
    {
        long since = Stopwatch.GetTimestamp();
        foreach (ServableModel model in All().Prepend(first!).Where(m => m is not null))
        {
            ct.ThrowIfCancellationRequested();
            if (!model.Is(first) && Stopwatch.GetElapsedTime(since) >= time)
            {
                return;
            }

            if (Report(model) is null)
            {
                EntryReport report = EntryReport.Of(model.Entry, model.Options);
                lock (_lock)
                {
                    _reports[PlanKey.Of(model)] = report;
                }
            }
        }
    }

    private IReadOnlyList<ServableModel> Known()
    {
        lock (_lock)
        {
            return _all ?? Look();
        }
    }

    private static ServableModel? Find(IReadOnlyList<ServableModel> all, string name)
    {
        string plain = name.Trim();
        plain = plain.EndsWith(":latest", StringComparison.OrdinalIgnoreCase) ? plain[..^7] : plain;
        if (all.FirstOrDefault(m => m.Id.Equals(plain, StringComparison.OrdinalIgnoreCase)) is { } exact)
        {
            return exact;
        }

        ServableModel[] files = [.. all.Where(m => m.Preset is null)];
        IReadOnlyList<CatalogueEntry> found = NameMatch.Find([.. files.Select(m => m.Entry)], name);
        return found.Count == 0 ? null : found.Count == 1 ? files.First(m => ReferenceEquals(m.Entry, found[0]))
            : throw new UsageException($"'{name}' may be any of {string.Join(", ", found.Select(e => e.Name).Order())}: say which.");
    }

    private IReadOnlyList<ServableModel> Look()
    {
        ModelCatalogue catalogue = ModelCatalogue.Of(options.ModelFolders);
        List<CatalogueEntry> entries = [.. catalogue.Entries];
        if (options.ModelPath.Length > 0 && !entries.Exists(IsGiven))
        {
            entries.Insert(0, ModelCatalogue.OfFile(options.ModelPath));
        }

        HashSet<string> shared = [.. entries.Where(e => e.Problem is null).GroupBy(e => e.Stem, StringComparer.OrdinalIgnoreCase)
            .Where(g => g.Count() > 1).Select(g => g.Key.ToLowerInvariant())];
        HashSet<string> taken = new(presets.Select(p => p.Name), StringComparer.OrdinalIgnoreCase);
        List<ServableModel> models = [];
        foreach (ModelPreset preset in presets)
        {
            if (EntryOf(catalogue, entries, preset) is { } entry)
            {
                models.Add(new ServableModel(preset.Name, entry, Loading(preset.Options, entry, preset), preset));
            }
        }

        foreach (CatalogueEntry entry in entries.Where(e => e.Problem is null))
        {
            string id = shared.Contains(entry.Stem.ToLowerInvariant()) && !IsGiven(entry) ? entry.Name : entry.Stem;
            if (taken.Add(id))
            {
                models.Add(new ServableModel(id, entry, Loading(options, entry, null), null));
            }
        }

        _unusable = [.. entries.Where(e => e.Problem is not null).Select(e => new ServableModel(e.Name, e, options, null))];
        (_all, _looked) = (models, Stopwatch.GetTimestamp());
        return models;
    }

    private static CatalogueEntry? EntryOf(ModelCatalogue catalogue, List<CatalogueEntry> entries, ModelPreset preset)
    {
        if (File.Exists(preset.Model))
        {
            string path = Path.GetFullPath(preset.Model);
            return entries.Find(e => e.Files.Contains(path)) ?? ModelCatalogue.OfFile(path);
        }

        IReadOnlyList<CatalogueEntry> found = NameMatch.Find([.. catalogue.Entries.Where(e => e.Problem is null)], preset.Model);
        return found.Count == 1 ? found[0] : null;
    }

    private ModelOptions Loading(ModelOptions chosen, CatalogueEntry entry, ModelPreset? preset)
    {
        long? budget = preset is { BudgetShare: > 0 } && BudgetBytes is { } all ? (long)(all * preset.BudgetShare)
            : chosen.BudgetBytes is { } own && BudgetBytes is { } most ? Math.Min(own, most) : chosen.BudgetBytes ?? BudgetBytes;
        return (chosen with { ModelPath = entry.Path, BudgetBytes = budget }).ForSwitching();
    }

    private bool IsGiven(CatalogueEntry entry) =>
        options.ModelPath.Length > 0 && entry.Files.Contains(Path.GetFullPath(options.ModelPath));

    private readonly record struct PlanKey(string Id, string Path, long Bytes, DateTimeOffset ModifiedAt, long Budget)
    {
        internal static PlanKey Of(ServableModel m) =>
            new(m.Id, m.Entry.Path, m.Entry.Bytes, m.Entry.ModifiedAt, m.Options.BudgetBytes ?? 0);
    }
}
