using LayerStream.Kernels.Ops;

namespace LayerStream.Models.Spec;

/// <summary>How a gate acts on the values beside it.</summary>
public enum GatedActivation
{
    /// <summary>SiLU(gate) ⊙ up.</summary>
    Silu,

    /// <summary>GELU(gate) ⊙ up, tanh form.</summary>
    Gelu,

    /// <summary>g·sigmoid(1.702·g)·(u + 1) with g = min(gate, 7) and u = up between −7 and 7.</summary>
    ClampedSwish,
}

/// <summary>y = f(gate, up) over n floats; y may be the gate.</summary>
internal delegate void GatedOperator(nint gate, nint up, nint y, int n);

/// <summary>The operator of each activation.</summary>
internal static class GatedOperators
{
    private static readonly Dictionary<GatedActivation, GatedOperator> Table = new()
    {
        [GatedActivation.Silu] = VectorOps.SiluMultiply,
        [GatedActivation.Gelu] = VectorOps.GeluMultiply,
        [GatedActivation.ClampedSwish] = VectorOps.ClampedSwishMultiply,
    };

    internal static GatedOperator Of(GatedActivation activation) => Table[activation];
}
