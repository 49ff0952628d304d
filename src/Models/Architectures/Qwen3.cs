using LayerStream.Kernels.Ops;

namespace LayerStream.Models.Architectures;

/// <summary>Qwen3 dense; the norms of Q and K heads come with their tensors.</summary>
internal static class Qwen3
{
    internal static readonly Architecture Row = new("qwen3", RopeStyle.Half);
}
