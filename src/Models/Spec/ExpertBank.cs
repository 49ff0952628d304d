namespace LayerStream.Models.Spec;

/// <summary>The experts of one layer: what one of them is made of, and where it lies. An expert travels as one unit.</summary>
public sealed record ExpertBank
{
    /// <summary>Most matrices of an expert: gate, up, down.</summary>
    public const int MostMatrices = 3;

    /// <summary>Index in <see cref="ModelSpec.ExpertBanks"/>, in the order of the layers.</summary>
    public required int Id { get; init; }

    /// <summary>Layer it belongs to.</summary>
    public required int Layer { get; init; }

    /// <summary>Experts of the layer.</summary>
    public required int Experts { get; init; }

    /// <summary>Experts that a token uses.</summary>
    public required int Used { get; init; }

    /// <summary>Gate, up and down, or the fused gate-and-up and down: two or three, in the order of use.</summary>
    public required IReadOnlyList<ExpertMatrix> Matrices { get; init; }

    /// <summary>Bytes of one expert.</summary>
    public long ExpertBytes => Matrices.Sum(m => m.SlabBytes);
}
