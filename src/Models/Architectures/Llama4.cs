using LayerStream.Kernels.Ops;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Architectures;

/// <summary>Llama 4: three of four layers rotate and see a piece of the sequence, the fourth sees all of it and warms its
/// queries.</summary>
internal static class Llama4
{
    internal static readonly Architecture Row = new("llama4", RopeStyle.Interleaved)
    {
        RopeFreePeriod = 4,
        QkNorm = QkNorm.HeadAfterRope,
        ExpertsWithoutQkNorm = 128,
        Sliding = new SlidingLayers(4, ScalesRope: true) { IsPieced = true, DefaultKeys = 8192 },
        RopeFreeTemperature = new QueryTemperature(0.1, 8192, Offset: 1),
        Experts = new ExpertRouting(RouterWeighting.Sigmoid) { SelectsByLogit = true, WeightsInput = true },
    };
}
