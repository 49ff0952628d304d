using LayerStream.Actors.Drafts;
using LayerStream.Formats;

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
}
