using LayerStream.Kernels.Ops;

namespace LayerStream.Models.Architectures;

/// <summary>How a family routes tokens to experts, as far as its files do not say.</summary>
/// <param name="Weighting">From logits to weights, where no key says otherwise.</param>
public sealed record ExpertRouting(RouterWeighting Weighting)
{
    /// <summary>Whether the key <c>expert_gating_func</c> may state another weighting.</summary>
    public bool HasGatingKey { get; init; }

    /// <summary>Whether keys state normalisation, scale and groups; without them there is no scale and no group.</summary>
    public bool HasRoutingKeys { get; init; }

    /// <summary>Whether the weights of the chosen experts are divided by their sum, where no key says so.</summary>
    public bool Normalises { get; init; }

    /// <summary>Whether experts are chosen by logit rather than by weight.</summary>
    public bool SelectsByLogit { get; init; }

    /// <summary>Whether the weight is a factor of an expert's input instead of its output.</summary>
    public bool WeightsInput { get; init; }

    /// <summary>Whether a sigmoid of the input weights the shared expert.</summary>
    public bool HasSharedGate { get; init; }

    /// <summary>Whether the layer's dense network runs beside the experts, each part with norms of its own.</summary>
    public bool HasParallelNetwork { get; init; }

    /// <summary>A model with this vocabulary has sigmoid weights though its file lacks the key; 0 = none.</summary>
    public int SigmoidVocabulary { get; init; }
}
