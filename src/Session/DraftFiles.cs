using LayerStream.Actors;
using LayerStream.Actors.Drafts;
using LayerStream.Formats;
using LayerStream.Memory;
using LayerStream.Planning.Drafts;

namespace LayerStream.Session;

/// <summary>Opens models that guess for another.</summary>
internal static class DraftFiles
{
    /// <summary>Opens one whose tokens are those of a model.</summary>
    /// <param name="path">Its first file.</param>
    /// <param name="target">Metadata of the model that it guesses for.</param>
    /// <exception cref="ModelFormatException">The file is no model.</exception>
    /// <exception cref="Models.Building.UnsupportedModelException">It cannot run here.</exception>
    /// <exception cref="DraftModelException">Its tokens are others, or it could not stay in memory.</exception>
    internal static DraftFile Open(string path, GgufMetadata target)
    {
        ModelFiles files = new();
        try
        {
            GgufModel model = GgufModel.Open(path, files);
            string? difference = TokenizerDifference.Find(target, model.Metadata);
            return difference is null ? DraftFile.Of(model, files)
                : throw new DraftModelException(path, $"its tokenizer is another one: {difference}");
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>Plans a model with the one of the options that guesses for it. Where guesses are tried only while they pay, one whose
    /// memory makes passes far longer is left out.</summary>
    /// <exception cref="BudgetTooSmallException">The accounts do not fit: without it either, where it may be left out.</exception>
    internal static EnginePlan Plan(GgufModel model, EngineOptions options)
    {
        if (options is not { DraftModel: not null, Drafts: DraftMode.Auto })
        {
            return Engine.Plan(model, options);
        }

        EnginePlan without = Engine.Plan(model, options with { DraftModel = null });
        EnginePlan? with = null;
        try
        {
            with = Engine.Plan(model, options);
        }
        catch (BudgetTooSmallException)
        {
            // The budget works without it.
        }

        DraftModelCost cost = new(with?.StreamedBytesPerToken, without.StreamedBytesPerToken);
        return with is null || cost.IsTooMuch ? without with { LeftOutDraftModel = cost } : with;
    }

    /// <summary>Why one is not used, for people.</summary>
    internal static string Describe(DraftModelCost cost) => (cost.StreamedBytes is { } with
        ? $"The draft model is left out: beside it a token reads {ByteSize.Format(with)} from flash, "
            + $"without it {ByteSize.Format(cost.StreamedBytesWithout)}."
        : "The draft model is left out: the budget has no room for it.") + " --draft model uses it all the same.";
}
