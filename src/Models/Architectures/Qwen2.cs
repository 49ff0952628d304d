using LayerStream.Kernels.Ops;

namespace LayerStream.Models.Architectures;

/// <summary>Qwen2 and Qwen2.5; biases on Q, K and V come with their tensors.</summary>
internal static class Qwen2
{
    internal static readonly Architecture Row = new("qwen2", RopeStyle.Half);
}
