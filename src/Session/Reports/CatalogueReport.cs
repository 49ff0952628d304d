using System.Text.Json.Serialization;
using LayerStream.Session.Catalogue;

namespace LayerStream.Session.Reports;

/// <summary>The models of folders.</summary>
/// <param name="Folders">Where was looked.</param>
/// <param name="Models">What was found.</param>
public sealed record CatalogueReport(IReadOnlyList<string> Folders, IReadOnlyList<ModelReport> Models);

/// <summary>A model that was deleted.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Files">What is gone.</param>
public sealed record RemovalReport(string Name, long Bytes, IReadOnlyList<string> Files);

/// <summary>How far a download is.</summary>
/// <param name="Status">Its stage.</param>
/// <param name="File">The file.</param>
/// <param name="DoneBytes">What is there.</param>
/// <param name="TotalBytes">What there will be.</param>
/// <param name="BytesPerSecond">The rate.</param>
/// <param name="SecondsLeft">Time to the end; null when unknown.</param>
public sealed record DownloadReport(
    string Status, string? File, long DoneBytes, long TotalBytes, long BytesPerSecond, long? SecondsLeft);

/// <summary>A model of a catalogue.</summary>
public sealed record ModelReport
{
    /// <summary>How its download ended; null where nothing was downloaded.</summary>
    public string? Status { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Other names of it.</summary>
    public required IReadOnlyList<string> Aliases { get; init; }

    /// <summary>Its files.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Their length.</summary>
    public required long Bytes { get; init; }

    /// <summary>When it was last written.</summary>
    public required DateTimeOffset ModifiedAt { get; init; }

    /// <summary>The name it gives itself.</summary>
    public string? Title { get; init; }

    /// <summary>Its licence.</summary>
    public string? License { get; init; }

    /// <summary>Its architecture.</summary>
    public string? Architecture { get; init; }

    /// <summary>Its quantisation.</summary>
    public string? Type { get; init; }

    /// <summary>Weights.</summary>
    public long? Parameters { get; init; }

    /// <summary>Tokens of context it was trained for; 0 = it does not say.</summary>
    public long? Context { get; init; }

    /// <summary>Whether it has a chat template.</summary>
    public bool? ChatTemplate { get; init; }

    /// <summary>What it needs and this program does not have.</summary>
    public IReadOnlyList<string>? Gaps { get; init; }

    /// <summary>Whether it can run here.</summary>
    public required bool Supported { get; init; }

    /// <summary>Why it cannot be read or run.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required string? Problem { get; init; }

    /// <summary>What a budget makes of it; null when it cannot run.</summary>
    public FitReport? Plan { get; init; }

    /// <summary>Of an entry of a catalogue.</summary>
    public static ModelReport Of(EntryReport r) => new()
    {
        Name = r.Entry.Name,
        Aliases = r.Entry.Aliases,
        Files = r.Entry.Files,
        Bytes = r.Entry.Bytes,
        ModifiedAt = r.Entry.ModifiedAt.ToUniversalTime(),
        Title = r.Facts?.Title,
        License = r.Facts?.License,
        Architecture = r.Facts?.Architecture,
        Type = r.Facts?.Type,
        Parameters = r.Facts?.Parameters,
        Context = r.Facts?.Context,
        ChatTemplate = r.Facts?.HasTemplate,
        Gaps = r.Facts?.Gaps,
        Supported = r is { Problem: null, Facts: not null },
        Problem = r.Problem,
        Plan = FitReport.Of(r.Outlook),
    };
}

/// <summary>What a budget makes of a model that is not loaded.</summary>
/// <param name="BudgetBytes">The budget.</param>
/// <param name="SmallestBudgetBytes">The smallest that works.</param>
/// <param name="Fits">Whether the budget suffices.</param>
/// <param name="Resident">Whether nothing would be streamed.</param>
/// <param name="PredictedTokensPerSecond">Predicted from earlier runs of it here; null when there were none.</param>
public sealed record FitReport(long BudgetBytes, long SmallestBudgetBytes, bool Fits, bool Resident, double? PredictedTokensPerSecond)
{
    /// <summary>Of an outlook; null of none.</summary>
    public static FitReport? Of(EntryOutlook? o) =>
        o is null ? null : new FitReport(o.BudgetBytes, o.SmallestBudgetBytes, o.Fits, o.IsResident, o.TokensPerSecond);
}
