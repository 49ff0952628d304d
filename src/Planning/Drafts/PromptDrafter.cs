namespace LayerStream.Planning.Drafts;

/// <summary>
/// Guesses that what came behind the same tokens earlier in the sequence's own text comes again: quotes, edits, lists. The longest match
/// counts, the newest of equal ones. A copy that is left for a changed token is taken up again behind it, at the place where it was left.
/// For one sequence.
/// </summary>
public sealed class PromptDrafter : IDrafter
{
    private const int LongestMatch = 32;
    private const int FarthestTokens = 8192; // that are looked through
    private const int NearTokens = 4;        // around the place of a copy in which it may go on
    private const int FirmMatch = 4;         // tokens of a copy that is worth taking up again
    private const int MostStrays = 3;        // tokens in a row that are not those of the copy

    // By tokens that match, the shortest of each class; classes begin at 1.
    private static readonly int[] s_classes = [1, 2, 3, 4, 6, 10, 18];
    private const int Resumed = 8; // class of a guess behind a changed token

    private int _seen;        // tokens of the text that the copy was compared with
    private int _place = -1;  // in the text: what the next token is copied from; −1 = nothing
    private int _match;       // tokens in front of it that agree with the last ones of the text
    private int _firm;        // the same before the copy was left
    private int _strays;      // tokens since
    private int _firstLevel;  // of the last proposal, or 0 where it follows from the match
    private int _proposed;    // tokens that matched in front of it

    /// <inheritdoc/>
    public DraftKind Kind => DraftKind.Prompt;

    /// <inheritdoc/>
    public int Propose(IReadOnlyList<int> history, Span<int> drafts)
    {
        Follow(history);
        (int end, int length) = Longest(history);
        bool resumes = _place >= 0 && _strays > 0 && _firm >= FirmMatch && length < FirmMatch - 1;
        if (!resumes)
        {
            (_place, _match, _strays) = (length > 0 ? end + 1 : -1, length, 0);
        }

        (_firstLevel, _proposed) = (resumes && _match == 0 ? Resumed : 0, resumes ? Math.Max(_match, 1) : length);
        int count = _place < 0 ? 0 : drafts.Length;
        for (int i = 0; i < count; i++)
        {
            int from = _place + i;
            drafts[i] = from < history.Count ? history[from] : drafts[from - history.Count]; // what is copied may be the copy itself
        }

        return count;
    }

    /// <inheritdoc/>
    public int Sureness(int guess)
    {
        if (guess == 0 && _firstLevel > 0)
        {
            return _firstLevel;
        }

        int level = 0;
        while (level < s_classes.Length && _proposed + guess >= s_classes[level])
        {
            level++;
        }

        return level;
    }

    /// <summary>Moves the place of the copy along with the tokens that have come since.</summary>
    private void Follow(IReadOnlyList<int> history)
    {
        if (_seen > history.Count)
        {
            _place = -1; // it is another text
        }

        for (int at = _seen; at < history.Count && _place >= 0; at++)
        {
            if (history[_place] == history[at])
            {
                (_place, _match, _strays) = (_place + 1, _match + 1, _match + 1 >= FirmMatch ? 0 : _strays);
                continue;
            }

            _firm = _strays == 0 ? _match : _firm;
            (_strays, _match) = (_strays + 1, 0);
            int near = Near(history, at);
            (_place, _match) = _strays > MostStrays ? (-1, 0) : near >= 0 ? (near + 1, 1) : (Math.Min(_place + 1, at), 0);
        }

        _seen = history.Count;
    }

    /// <summary>Place near that of the copy which has the token, or −1: some were left out, or put in.</summary>
    private int Near(IReadOnlyList<int> history, int at)
    {
        for (int distance = 1; distance <= NearTokens; distance++)
        {
            if (_place + distance < at && history[_place + distance] == history[at])
            {
                return _place + distance;
            }

            if (_place - distance >= 0 && history[_place - distance] == history[at])
            {
                return _place - distance;
            }
        }

        return -1;
    }

    /// <summary>The longest run in front of the last token that the text ends with too, at its last place; length 0 = there is
    /// none.</summary>
    private static (int End, int Length) Longest(IReadOnlyList<int> history)
    {
        (int best, int longest) = (-1, 0);
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

        return (best, longest);
    }
}
