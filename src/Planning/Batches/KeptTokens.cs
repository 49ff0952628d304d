namespace LayerStream.Planning.Batches;

/// <summary>The tokens that a state stands behind, and where another sequence may go on from it. Pure.</summary>
/// <param name="Tokens">Tokens that have been through the model, in order.</param>
/// <param name="Borders">Numbers of tokens behind which the state is there as a whole; null = behind any of them, because every layer's
/// state can be cut.</param>
/// <param name="Least">Tokens in front of which nobody can go on but at 0.</param>
public sealed record KeptTokens(IReadOnlyList<int> Tokens, IReadOnlyList<int>? Borders, int Least = 0)
{
    private const int MostOver = 16; // tokens behind full pages that each sequence may have to read again

    /// <summary>Of a beginning that prompts have in common, the full pages, which a sequence may look at in the pass in which another one
    /// fills them; 0 where too much would be left behind them.</summary>
    /// <param name="common">Tokens in common.</param>
    public static int FullPages(int common) =>
        common % KeptPieces.PageTokens < MostOver ? common - (common % KeptPieces.PageTokens) : 0;

    /// <summary>Tokens of a prompt that need not be read again: of the longest common prefix what the state allows, and never all of a
    /// prompt, because its last token's logits are wanted.</summary>
    public int ResumeAt(IReadOnlyList<int> prompt)
    {
        int most = Math.Min(Tokens.Count, prompt.Count - 1), common = 0;
        while (common < most && Tokens[common] == prompt[common])
        {
            common++;
        }

        int resumed = Borders is null ? common : Borders.Where(b => b <= common).DefaultIfEmpty(0).Max();
        return resumed < Least ? 0 : resumed;
    }
}
