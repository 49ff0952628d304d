using LayerStream.Actors;
using LayerStream.Actors.Drafts;
using LayerStream.Formats;
using LayerStream.Memory;
using LayerStream.Session.Outlook;

namespace LayerStream.Session.Catalogue;

/// <summary>What a budget makes of a model, without loading it.</summary>
/// <param name="BudgetBytes">The budget.</param>
/// <param name="SmallestBudgetBytes">The smallest that works.</param>
/// <param name="Fits">Whether the budget suffices.</param>
/// <param name="IsResident">Whether nothing would be streamed.</param>
/// <param name="TokensPerSecond">Predicted from earlier runs of it here; null when there were none.</param>
public sealed record EntryOutlook(long BudgetBytes, long SmallestBudgetBytes, bool Fits, bool IsResident, double? TokensPerSecond)
{
    /// <summary>Plans a model that can run, with the one that guesses for it where the options name one.</summary>
    /// <exception cref="Models.Building.UnsupportedModelException">It cannot.</exception>
    /// <exception cref="BudgetAboveLimitException">Machine or cgroup cannot give the budget.</exception>
    /// <exception cref="DraftModelException">The draft model has other tokens, or could not stay in memory.</exception>
    public static EntryOutlook Of(GgufModel model, ModelOptions options)
    {
        DraftFile? draft = options.UsesDraftModel ? DraftFiles.Open(options.DraftModelPath!, model.Metadata) : null;
        try
        {
            EnginePlan plan = DraftFiles.Plan(model, options.ToEngineOptions() with { DraftModel = draft });
            double? rate = new SpeedTracker(plan, options, model.Files, 0).Predicted;
            return new EntryOutlook(plan.Sheet.BudgetBytes, plan.SmallestBudgetBytes, true, plan.Memory.StreamedBytesPerToken == 0, rate);
        }
        catch (BudgetTooSmallException e)
        {
            return new EntryOutlook(e.Sheet.BudgetBytes, e.SmallestBudgetBytes, false, false, null);
        }
        finally
        {
            draft?.Files.Dispose();
        }
    }
}
