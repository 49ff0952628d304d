using LayerStream.Formats;
using LayerStream.Kernels.Ops;
using LayerStream.Models.Building;
using LayerStream.Models.Decoding;
using LayerStream.Models.Spec;
using LayerStream.Planning.Drafts;

namespace LayerStream.Actors.Drafts;

/// <summary>A model that is to guess for another: what it is made of, and its files, open. It stays in memory as a whole, so that it has to
/// be dense; its layers may be recurrent.</summary>
public sealed class DraftFile
{
    private const long TableBytes = 2L << 20; // managed, of the description
    private const int MostChosen = 8;         // sequences, where their number is not given
    private const int SamplerBytes = 16;      // managed, of a second sampler for each token

    private DraftFile(ModelSpec spec, ModelFiles files) => (Spec, Files) = (spec, files);

    /// <summary>The resolved model.</summary>
    public ModelSpec Spec { get; }

    /// <summary>Its files, open.</summary>
    public ModelFiles Files { get; }

    /// <summary>Managed memory of the description, without metadata, and of what draws guesses.</summary>
    /// <param name="sequences">Sequences at the same time; 0 = the planner chooses.</param>
    internal long ManagedBytes(int sequences) =>
        TableBytes + ((long)SamplerBytes * Spec.Vocabulary * (sequences > 0 ? sequences : MostChosen));

    /// <summary>Whether the embeddings are a table of their own, beside the head.</summary>
    internal bool HasTable => Spec.Head.Tensor != Spec.TokenEmbedding;

    /// <summary>Resolves a model.</summary>
    /// <exception cref="UnsupportedModelException">The model cannot run here.</exception>
    /// <exception cref="DraftModelException">It cannot stay in memory as a whole.</exception>
    public static DraftFile Of(GgufModel model, ModelFiles files)
    {
        ModelSpec spec = ModelSpecBuilder.Build(model);
        string? gap = spec.ExpertBanks.Count > 0 ? "it has experts, and a draft model has to be dense"
            : spec.LayerInputs is not null ? "it has inputs for each layer, which are read from the disk token by token" : null;
        return gap is null ? new DraftFile(spec, files) : throw new DraftModelException(spec.File, gap);
    }

    /// <summary>What it takes, as the accounts of a sheet have it.</summary>
    /// <param name="type">Type of keys and values.</param>
    /// <param name="threads">Compute threads.</param>
    internal DraftMemory Memory(KvType type, int threads)
    {
        long weights = Spec.Matrices.Sum(m => m.Tensor.Extent.Window.Length) + Spec.SmallWeightBytes
            + (HasTable ? ExtentWindow.MostBytes(Spec.TokenEmbedding.Extent.Length) : 0);
        PageLayout pages = new(Spec, type);
        return new DraftMemory(weights, Workspace.Bytes(Spec, DraftModel.Batch, 1, threads),
            context => checked((PageLayout.Pages(context) * pages.PageBytes) + (2 * SequenceState.SnapshotBytes(Spec))));
    }
}
