namespace LayerStream.Sampling.Grammars.Gbnf;

/// <summary>Where a rule's text goes on behind it: states of the rules that called it, each with where that goes on in turn. Interned,
/// so that all stacks with the same top share the rest.</summary>
internal sealed class Continuation(int id, (int State, Continuation Behind)[] returns, bool endsText)
{
    /// <summary>Number of the continuation.</summary>
    public int Id { get; } = id;

    /// <summary>The states to go on in.</summary>
    public (int State, Continuation Behind)[] Returns { get; } = returns;

    /// <summary>Whether the text may end behind it.</summary>
    public bool EndsText { get; } = endsText;
}
