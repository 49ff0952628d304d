using LayerStream.Actors;
using LayerStream.Formats;
using LayerStream.Memory;

namespace LayerStream.Session;

/// <summary>Plans a model under the options of the command line.</summary>
public static class ModelPlanning
{
    /// <summary>
    /// As <see cref="Engine.Plan"/>. Without a budget of the user's, a machine whose usual share is too small gets the smallest
    /// budget that works, provided that what is free and what this process holds already cover it; a notice says so.
    /// </summary>
    public static EnginePlan Make(GgufModel model, ModelOptions options, IProgress<SessionNotice> notices)
    {
        try
        {
            return Engine.Plan(model, options.ToEngineOptions());
        }
        catch (BudgetTooSmallException e) when (options.BudgetBytes is null
            && e.SmallestBudgetBytes <= MemoryLimits.Read().FreeBytes + ProcessMemory.ResidentBytes())
        {
            long budget = e.SmallestBudgetBytes;
            notices.Report(new WarningNotice($"Memory is short: using the smallest budget that works, {ByteSize.Format(budget)}, instead of the usual share."));
            return Engine.Plan(model, options.ToEngineOptions() with { BudgetBytes = budget });
        }
    }
}
