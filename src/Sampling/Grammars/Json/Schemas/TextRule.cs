using LayerStream.Sampling.Grammars.Regular;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Json.Schemas;

/// <summary>Texts of an automaton, of a length in code points.</summary>
/// <param name="texts">The automaton.</param>
/// <param name="least">Least length.</param>
/// <param name="most">Largest; null = none.</param>
internal sealed class TextRule(Dfa texts, int least, int? most)
{
    private const int LongestInNames = GrammarLimits.DeterministicStates / 8;
    private const long MostLengthBits = 1L << 24;

    private TextLengths? _lengths;

    /// <summary>The automaton.</summary>
    public Dfa Texts => texts;

    /// <summary>Least length.</summary>
    public int Least => least;

    /// <summary>Largest; null = none.</summary>
    public int? Most => most;

    /// <summary>Whether lengths matter.</summary>
    public bool Counts => Least > 0 || Most is not null;

    /// <summary>Whether there is such a text.</summary>
    public bool HasText => Texts.Start >= 0 && CanEnd(Texts.Start, 0);

    /// <summary>From this length on, and from states this far from every end, all texts of the automaton fit.</summary>
    /// <param name="count">Code points so far.</param>
    /// <param name="more">Code points that may still come before the question is asked again.</param>
    public bool IsFar(int count, int more) => count >= Least
        && (Most is not int most || most - count - more >= (Texts == Dfa.AnyText ? 0 : Lengths.Longest));

    /// <summary>The texts that meet all constraints.</summary>
    public static TextRule Of(IReadOnlyList<TextConstraint> constraints)
    {
        int least = constraints.Count == 0 ? 0 : constraints.Max(c => c.Least);
        int? most = constraints.Min(c => c.Most);
        List<(Dfa, bool)> patterns = [.. constraints.Where(c => c.Pattern is not null).Select(c => (c.Pattern!, c.IsNegated)).Distinct()];
        Dfa texts = patterns.Count == 0 || most < least ? Dfa.AnyText : patterns is [(Dfa only, false)] ? only : Dfa.Intersect(patterns);
        return new TextRule(texts, least, most);
    }

    /// <summary>Whether a text of the rule goes on from a state of the automaton.</summary>
    /// <param name="state">The state.</param>
    /// <param name="count">Code points so far, the one under way too.</param>
    public bool CanEnd(int state, int count)
    {
        if (Most < Math.Max(Least, count))
        {
            return false;
        }

        return !Counts || Texts == Dfa.AnyText || Lengths.Has(state, Least - count, Most - count);
    }

    /// <summary>How many such texts there are, up to a limit; where lengths are bounded, perhaps more than there are.</summary>
    public int CountUpTo(int limit) => !HasText ? 0 : Most == 0 ? 1 : Texts.CountUpTo(limit);

    /// <summary>The texts as an automaton.</summary>
    /// <exception cref="GrammarException">It would have to count too far.</exception>
    public Dfa ToDfa() => !Counts ? Texts : Math.Max(Least, Most ?? 0) <= LongestInNames
        ? Dfa.Intersect([(Texts, false), (Dfa.Of(new PatternRepeat(PatternNode.AnyCodePoint, Least, Most)), false)])
        : throw GrammarException.Limit("length", $"A length beyond {LongestInNames} cannot be counted in names.");

    private TextLengths Lengths
    {
        get
        {
            int most = Most ?? Least;
            return _lengths ??= (long)most * Texts.Count <= MostLengthBits ? new TextLengths(Texts, most)
                : throw GrammarException.Limit("length", $"A length of {most} cannot be counted beside a pattern or format like this one.");
        }
    }
}
