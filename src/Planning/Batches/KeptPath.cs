namespace LayerStream.Planning.Batches;

/// <summary>Pieces from which the state behind the first tokens of a prompt can be put together.</summary>
/// <param name="Pages">In order; of the last one perhaps the first tokens only.</param>
/// <param name="Snapshot">The recurrent state behind them; null where there is none.</param>
/// <param name="Tokens">Tokens behind which the state stands; 0 = nothing was found.</param>
public sealed record KeptPath(IReadOnlyList<KeptPiece> Pages, KeptPiece? Snapshot, int Tokens)
{
    /// <summary>Nothing.</summary>
    public static KeptPath None { get; } = new([], null, 0);
}
