using LayerStream.Actors.Loading;
using LayerStream.Session.Catalogue;
using LayerStream.Session.Reports;

namespace LayerStream.Host.Server.Service;

/// <summary>What there is to load and what it is doing, for lists.</summary>
internal static class ServedList
{
    /// <summary>Every model, then the files that are none.</summary>
    public static ServedModelsReport Of(ServerState state, ModelSwitch models) => new(state.Served?.Id,
    [
        .. models.Models.All().Select(m => Of(state, models, m)),
        .. models.Models.Unusable().Select(m => ServedModelReport.Of(m, null, "unusable", null)),
    ]);

    /// <summary>One model.</summary>
    public static ServedModelReport Of(ServerState state, ModelSwitch models, ServableModel model)
    {
        EntryReport? known = models.Models.Report(model);
        string doing = models.StateOf(model);
        return ServedModelReport.Of(model, known, known?.Problem is not null && doing == "available" ? "unusable" : doing,
            doing == "loading" ? Progress(state) : null);
    }

    /// <summary>How far loading is.</summary>
    public static ProgressReport Progress(ServerState state)
    {
        LoadProgress progress = state.Progress;
        return new ProgressReport(progress.Stage, progress.DoneBytes, progress.TotalBytes);
    }
}
