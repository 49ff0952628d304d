using LayerStream.Planning.Drafts;
using LayerStream.Sampling.Grammars;

namespace LayerStream.Session;

/// <summary>Guesses what a grammar leaves no choice about. For one sequence.</summary>
/// <param name="grammar">The step that masks the sequence's tokens; used on the compute thread only.</param>
internal sealed class GrammarDrafter(GrammarStep grammar) : IDrafter
{
    /// <inheritdoc/>
    public DraftKind Kind => DraftKind.Grammar;

    /// <inheritdoc/>
    public int Propose(IReadOnlyList<int> history, Span<int> drafts)
    {
        grammar.Follow(history);
        return grammar.ForcedTokens(drafts);
    }

    /// <inheritdoc/>
    public int Sureness(int guess) => 0;
}
