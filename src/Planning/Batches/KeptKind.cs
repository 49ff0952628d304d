namespace LayerStream.Planning.Batches;

/// <summary>What a kept piece of a state holds.</summary>
public enum KeptKind
{
    /// <summary>Keys and values of up to <see cref="KeptPieces.PageTokens"/> tokens.</summary>
    Page,

    /// <summary>A recurrent state behind a token.</summary>
    Snapshot,
}
