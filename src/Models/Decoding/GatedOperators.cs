using LayerStream.Kernels.Ops;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Decoding;

/// <summary>y = f(gate, up) over n floats; y may be the gate.</summary>
internal delegate void GatedOperator(nint gate, nint up, nint y, int n);

/// <summary>The operator of each activation.</summary>
internal static class GatedOperators
{
    private static readonly Dictionary<GatedActivation, GatedOperator> s_table = new()
    {
        [GatedActivation.Silu] = VectorOps.SiluMultiply,
        [GatedActivation.Gelu] = VectorOps.GeluMultiply,
        [GatedActivation.ClampedSwish] = VectorOps.ClampedSwishMultiply,
    };

    internal static GatedOperator Of(GatedActivation activation) => s_table[activation];
}
