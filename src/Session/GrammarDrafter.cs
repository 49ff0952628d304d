using LayerStream.Planning.Drafts;
using LayerStream.Sampling.Grammars;

namespace LayerStream.Session;

/// <summary>Guesses what a grammar leaves no choice about; where it leaves one, another drafter guesses. For one sequence.</summary>
/// <param name="grammar">The step that masks the sequence's tokens; used on the compute thread only.</param>
/// <param name="otherwise">Who guesses where the grammar does not decide.</param>
internal sealed class GrammarDrafter(GrammarStep grammar, IDrafter otherwise) : IDrafter
{
    /// <inheritdoc/>
    public int Propose(IReadOnlyList<int> history, Span<int> drafts)
    {
        grammar.Follow(history);
        int forced = grammar.ForcedTokens(drafts);
        return forced > 0 ? forced : otherwise.Propose(history, drafts);
    }
}
