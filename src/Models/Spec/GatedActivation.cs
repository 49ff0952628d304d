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
