namespace LayerStream.Planning.Drafts;

/// <summary>Looks the last tokens up in the sequence's own text, and guesses that what came behind them comes again: quotes, edits,
/// lists.</summary>
public sealed class PromptDrafter : IDrafter
{
    private const int LongestMatch = 4;
    private const int ShortestMatch = 2;
    private const int FarthestTokens = 8192; // that are looked through

    /// <inheritdoc/>
    public DraftKind Kind => DraftKind.Prompt;

    /// <inheritdoc/>
    public int Propose(IReadOnlyList<int> history, Span<int> drafts)
    {
        (int best, int longest) = (-1, ShortestMatch - 1);
        int last = history.Count - 1, first = Math.Max(0, last - FarthestTokens);
        for (int end = last - 1; end >= first && longest < LongestMatch; end--)
        {
            int length = 0;
            while (length < LongestMatch && end - length >= 0 && history[end - length] == history[last - length])
            {
                length++;
            }

            if (length > longest)
            {
                (best, longest) = (end, length);
            }
        }

        int count = best < 0 ? 0 : Math.Min(drafts.Length, last - best);
        for (int i = 0; i < count; i++)
        {
            drafts[i] = history[best + 1 + i];
        }

        return count;
    }
}
