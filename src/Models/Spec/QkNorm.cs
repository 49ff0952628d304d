namespace LayerStream.Models.Spec;

/// <summary>What the norms of queries and keys run over.</summary>
public enum QkNorm
{
    /// <summary>Each head, before the rotation; where the tensors are present.</summary>
    Head,

    /// <summary>All heads of a row together, before the rotation; where the tensors are present.</summary>
    Row,

    /// <summary>Each head, without weight, after the rotation, on rotated layers.</summary>
    HeadAfterRope,
}
