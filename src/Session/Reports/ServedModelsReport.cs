using LayerStream.Session.Catalogue;

namespace LayerStream.Session.Reports;

/// <summary>The models that a daemon may load.</summary>
/// <param name="Loaded">The one that is loaded; null = none is.</param>
/// <param name="Models">All of them, then files that cannot be loaded.</param>
public sealed record ServedModelsReport(string? Loaded, IReadOnlyList<ServedModelReport> Models);

/// <summary>A model that a daemon may load.</summary>
public sealed record ServedModelReport
{
    /// <summary>Its name in the API.</summary>
    public required string Id { get; init; }

    /// <summary>loaded, loading, unloading, available or unusable.</summary>
    public required string State { get; init; }

    /// <summary>How far loading is; null unless it is being loaded.</summary>
    public ProgressReport? Progress { get; init; }

    /// <summary>Other names of it.</summary>
    public required IReadOnlyList<string> Aliases { get; init; }

    /// <summary>Name of its first file, without the folder.</summary>
    public required string File { get; init; }

    /// <summary>Length of its files.</summary>
    public required long Bytes { get; init; }

    /// <summary>When it was last written.</summary>
    public required DateTimeOffset ModifiedAt { get; init; }

    /// <summary>Its architecture; null = nobody has looked into it.</summary>
    public string? Architecture { get; init; }

    /// <summary>Its quantisation; null as above.</summary>
    public string? Type { get; init; }

    /// <summary>Weights; null as above.</summary>
    public long? Parameters { get; init; }

    /// <summary>Tokens of context it was trained for; null as above.</summary>
    public long? TrainedContext { get; init; }

    /// <summary>What the budget makes of it; null as above, or when it cannot run.</summary>
    public FitReport? Plan { get; init; }

    /// <summary>Settings of the preset that names it; null = the file does.</summary>
    public IReadOnlyDictionary<string, string>? Preset { get; init; }

    /// <summary>Why it cannot be loaded; null = it can, as far as is known.</summary>
    public string? Problem { get; init; }

    /// <summary>Of a model and what is known of it.</summary>
    public static ServedModelReport Of(ServableModel model, EntryReport? known, string state, ProgressReport? progress) => new()
    {
        Id = model.Id,
        State = state,
        Progress = progress,
        Aliases = model.Aliases,
        File = Path.GetFileName(model.Entry.Path),
        Bytes = model.Entry.Bytes,
        ModifiedAt = model.Entry.ModifiedAt.ToUniversalTime(),
        Architecture = known?.Facts?.Architecture,
        Type = known?.Facts?.Type ?? model.Entry.Parts.Quant,
        Parameters = known?.Facts?.Parameters,
        TrainedContext = known?.Facts?.Context,
        Plan = FitReport.Of(known?.Outlook),
        Preset = model.Preset?.Settings.Prepend(new("model", model.Preset.Model)).ToDictionary(),
        Problem = model.Entry.Problem ?? known?.Problem,
    };
}
