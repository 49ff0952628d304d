using LayerStream.Kernels.Ops;

namespace LayerStream.Models.Architectures;

/// <summary>DeepSeek V2 and V3 and what is built like them; one latent vector per token, and experts whose routing the keys
/// state.</summary>
internal static class DeepSeek2
{
    internal static readonly Architecture Row = new("deepseek2", RopeStyle.Interleaved)
    {
        HasLatentAttention = true,
        YarnMagnitude = YarnMagnitude.IntoScale,
        // GLM-4.7-Flash
        Experts = new ExpertRouting(RouterWeighting.Softmax) { HasGatingKey = true, HasRoutingKeys = true, SigmoidVocabulary = 154880 },
    };
}
