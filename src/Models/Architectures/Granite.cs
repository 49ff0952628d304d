using LayerStream.Kernels.Ops;

namespace LayerStream.Models.Architectures;

/// <summary>Granite; its four factors are keys, and a key may take the rotation away. A layer with a router has experts, as in the other
/// Granite.</summary>
internal static class Granite
{
    internal static readonly Architecture Row = new("granite", RopeStyle.Interleaved)
    {
        Scale = AttentionScale.Key,
        FinetunedSwitchesRope = true,
        Experts = GraniteMoe.Row.Experts,
    };
}
