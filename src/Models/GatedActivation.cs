using LayerStream.Kernels;

namespace LayerStream.Models;

/// <summary>How a gate acts on the values beside it.</summary>
public enum GatedActivation
{
    /// <summary>SiLU(gate) ⊙ up.</summary>
    Silu,

    /// <summary>GELU(gate) ⊙ up, tanh form.</summary>
    Gelu,
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
    };

    internal static GatedOperator Of(GatedActivation activation) => Table[activation];
}
