using LayerStream.Kernels.Ops;

namespace LayerStream.Models.Architectures;

/// <summary>Seed-OSS: its norm in front of the feed-forward network bears the name of another norm; biases come with their
/// tensors.</summary>
internal static class SeedOss
{
    internal static readonly Architecture Row = new("seed_oss", RopeStyle.Half) { FfnNorm = "post_attention_norm" };
}
