using LayerStream.Models.Spec;

namespace LayerStream.Models.Decoding;

/// <summary>Which executor runs which kind of branch: the only place that knows both.</summary>
internal static class BranchExecutors
{
    private static readonly Dictionary<Type, Func<PassContext, BranchSpec, int, BranchExecutor>> s_table = new()
    {
        [typeof(AttentionSpec)] = static (pass, spec, layer) => new AttentionMixer(pass, (AttentionSpec)spec, layer),
        [typeof(LatentAttentionSpec)] = static (pass, spec, layer) => Latent(pass, (LatentAttentionSpec)spec, layer),
        [typeof(DeltaNetSpec)] = static (pass, spec, layer) => new DeltaNetMixer(pass, (DeltaNetSpec)spec, layer),
        [typeof(DenseFfnSpec)] = static (pass, spec, _) => new DenseFeedForward(pass, (DenseFfnSpec)spec),
        [typeof(ExpertFfnSpec)] = static (pass, spec, _) => new ExpertFeedForward(pass, (ExpertFfnSpec)spec),
        [typeof(LayerInputGateSpec)] = static (pass, spec, layer) => new LayerInputGate(pass, (LayerInputGateSpec)spec, layer),
    };

    /// <summary>The kinds it has executors for.</summary>
    internal static IEnumerable<Type> Kinds => s_table.Keys;

    /// <summary>Binds a branch of a layer to the buffers of a pass.</summary>
    internal static BranchExecutor Create(PassContext pass, BranchSpec spec, int layer) => s_table[spec.GetType()](pass, spec, layer);

    private static BranchExecutor Latent(PassContext pass, LatentAttentionSpec spec, int layer) =>
        spec.KeyValueUp is null ? new LatentMixer(pass, spec, layer) : new ExpandedLatentMixer(pass, spec, layer);
}
