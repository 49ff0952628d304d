using LayerStream.Kernels.Ops;

namespace LayerStream.Models.Architectures;

/// <summary>Llama 1 to 3, Mistral 7B, Mixtral, SmolLM2 and others of this shape; the converter permuted Q and K rows.</summary>
internal static class Llama
{
    internal static readonly Architecture Row = new("llama",
        RopeStyle.Interleaved)
    { Experts = new ExpertRouting(RouterWeighting.Softmax) { Normalises = true } };
}
