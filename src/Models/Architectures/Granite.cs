using LayerStream.Kernels;

namespace LayerStream.Models.Architectures;

/// <summary>Granite dense; its four factors are keys, and a key may take the rotation away.</summary>
internal static class Granite
{
    internal static readonly Architecture Row = new("granite", RopeStyle.Interleaved) { Scale = AttentionScale.Key, FinetunedSwitchesRope = true };
}
