using LayerStream.Kernels.Ops;

namespace LayerStream.Models.Architectures;

/// <summary>Ministral 3 and newer Mistral Small files: as llama, experts included, with a query temperature and yarn of magnitude 1 where
/// the keys say so.</summary>
internal static class Mistral3
{
    internal static readonly Architecture Row = new("mistral3", RopeStyle.Interleaved)
    {
        YarnMagnitude = YarnMagnitude.OverMultiplier,
        Experts = new ExpertRouting(RouterWeighting.Softmax) { Normalises = true },
    };
}
