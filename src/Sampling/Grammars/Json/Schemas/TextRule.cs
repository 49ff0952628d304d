using LayerStream.Sampling.Grammars.Regular;

namespace LayerStream.Sampling.Grammars.Json.Schemas;

/// <summary>Texts: those of an automaton, or where there is none those of a length in code points.</summary>
internal sealed record TextRule(Dfa? Texts, int Least, int? Most)
{
    /// <summary>Whether there is such a text.</summary>
    public bool HasText => Texts is null ? Most is null || Most >= Least : Texts.Start >= 0;

    /// <summary>The texts that meet all constraints.</summary>
    public static TextRule Of(IReadOnlyList<TextConstraint> constraints)
    {
        int least = constraints.Count == 0 ? 0 : constraints.Max(c => c.Least);
        int? most = constraints.Min(c => c.Most);
        List<(Dfa, bool)> patterns = [.. constraints.Where(c => c.Pattern is not null).Select(c => (c.Pattern!, c.IsNegated)).Distinct()];
        if (most < least)
        {
            return new TextRule(null, least, most);
        }

        if (patterns.Count == 0)
        {
            return least == 0 && most is null ? new TextRule(Dfa.AnyText, 0, null) : new TextRule(null, least, most);
        }

        if (least > 0 || most is not null)
        {
            patterns.Add((OfLength(least, most), false));
        }

        return new TextRule(patterns is [(Dfa only, false)] ? only : Dfa.Intersect(patterns), 0, null);
    }

    /// <summary>The texts as an automaton.</summary>
    public Dfa ToDfa() => Texts ?? OfLength(Least, Most);

    private static Dfa OfLength(int least, int? most)
    {
        const int Longest = States.GrammarLimits.DeterministicStates / 8;
        return Math.Max(least, most ?? 0) <= Longest
            ? Dfa.Of(new PatternRepeat(PatternNode.AnyCodePoint, least, most))
            : throw States.GrammarException.Limit(
                "length", $"A length beyond {Longest} cannot be counted where a pattern, a format or a name is matched too.");
    }
}
