namespace LayerStream.Sampling.Grammars.Json.Numbers;

/// <summary>How many signs make a number of a beginning of one.</summary>
internal static class NumberEnding
{
    private const int MostSigns = 4_000;

    // Smaller digits first: what bounds from below ask for in digits comes anyway.
    private static readonly byte[] s_signs = [.. "0123456789."u8];

    /// <summary>Signs of a number of a rule, or null where none is found.</summary>
    public static int? Of(NumberRule rule)
    {
        int? least = null;
        foreach (byte sign in "0123456789-"u8)
        {
            if (NumberText.Begin(sign) is { } text && rule.CanFollow(text, anyForm: false) && Behind(rule, text) is int more)
            {
                least = Math.Min(least ?? int.MaxValue, more + 1);
            }
        }

        return least;
    }

    /// <summary>Signs that end a number under way: it goes on with the first that leads somewhere until one can be the last.</summary>
    public static int? Behind(NumberRule rule, NumberText text)
    {
        for (int signs = 0; signs < MostSigns; signs++)
        {
            if (IsEnd(rule, text))
            {
                return signs;
            }

            NumberText? first = null;
            foreach (byte sign in s_signs)
            {
                if (text.Next(sign, rule.IntegerDigits, rule.FractionDigits, anyForm: false) is not { } next)
                {
                    continue;
                }

                if (IsEnd(rule, next))
                {
                    return signs + 1;
                }

                first ??= rule.CanFollow(next, anyForm: false) ? next : null;
            }

            if (first is null)
            {
                return null;
            }

            text = first;
        }

        return null;
    }

    private static bool IsEnd(NumberRule rule, NumberText text) => text.IsComplete && rule.Accepts(text.Value);
}
