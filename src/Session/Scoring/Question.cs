using LayerStream.Tokenization;

namespace LayerStream.Session.Scoring;

/// <summary>A question with a closed list of answers, told apart by their first tokens.</summary>
/// <param name="Prompt">Token ids in front of the answer; at least one.</param>
/// <param name="Choices">The answers.</param>
/// <param name="FirstTokens">First token of each answer; no two are the same.</param>
public sealed record Question(IReadOnlyList<int> Prompt, IReadOnlyList<string> Choices, IReadOnlyList<int> FirstTokens)
{
    private const int MostChoices = 1024;

    /// <summary>Encodes the answers.</summary>
    /// <param name="tokenizer">The model's.</param>
    /// <param name="prompt">Token ids in front of the answer.</param>
    /// <param name="choices">The answers, as the model would write them: behind a text that ends with a word they begin with a
    /// space.</param>
    /// <exception cref="UsageException">There are fewer than two, one is empty, or two begin with the same token.</exception>
    public static Question Of(Tokenizer tokenizer, IReadOnlyList<int> prompt, IReadOnlyList<string> choices)
    {
        if (prompt.Count == 0)
        {
            throw new UsageException("The prompt is empty.");
        }

        if (choices.Count is < 2 or > MostChoices)
        {
            throw new UsageException($"choices must have 2 to {MostChoices} texts; there are {choices.Count}.");
        }

        int[] first = new int[choices.Count];
        Dictionary<int, string> seen = [];
        for (int i = 0; i < first.Length; i++)
        {
            int[] ids = tokenizer.Encode(choices[i], addSpecial: false, parseSpecial: false);
            first[i] = ids.Length > 0 ? ids[0] : throw new UsageException($"Choice {i} is empty.");
            if (!seen.TryAdd(first[i], choices[i]))
            {
                throw new UsageException($"The choices '{seen[first[i]]}' and '{choices[i]}' begin with the same token, so that one row of "
                    + "logits does not tell them apart: number them, or name them by letters.");
            }
        }

        return new Question(prompt, [.. choices], first);
    }
}
