using LayerStream.Kernels.Ops;

namespace LayerStream.Models.Architectures;

/// <summary>SmolLM3: as llama, but every fourth layer has no rotation, which the file does not say.</summary>
internal static class SmolLm3
{
    internal static readonly Architecture Row = new("smollm3", RopeStyle.Interleaved) { RopeFreePeriod = 4 };
}
