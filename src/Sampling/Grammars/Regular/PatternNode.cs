namespace LayerStream.Sampling.Grammars.Regular;

/// <summary>A regular expression, or the body of a rule, as a tree of at most <see cref="States.GrammarLimits.Nesting"/> levels.</summary>
internal abstract record PatternNode
{
    /// <summary>The empty text.</summary>
    public static PatternNode Empty { get; } = new PatternSequence([]);

    /// <summary>Any code point.</summary>
    public static PatternNode AnyCodePoint { get; } = new PatternSet(CodePointSet.All);

    /// <summary>The code points of a text, one after the other.</summary>
    public static PatternNode Literal(string text) =>
        new PatternSequence([.. text.EnumerateRunes().Select(r => new PatternSet(CodePointSet.Of((r.Value, r.Value))))]);
}

/// <summary>One code point of a set.</summary>
internal sealed record PatternSet(CodePointSet Set) : PatternNode;

/// <summary>One after the other.</summary>
internal sealed record PatternSequence(IReadOnlyList<PatternNode> Parts) : PatternNode;

/// <summary>One of several.</summary>
internal sealed record PatternChoice(IReadOnlyList<PatternNode> Parts) : PatternNode;

/// <summary>A part at least and at most so many times; null = without end.</summary>
internal sealed record PatternRepeat(PatternNode Part, int Least, int? Most) : PatternNode;

/// <summary>The text begins here.</summary>
internal sealed record PatternBegin : PatternNode;

/// <summary>The text ends here.</summary>
internal sealed record PatternEnd : PatternNode;

/// <summary>A rule of the grammar, by its number.</summary>
internal sealed record PatternCall(int Rule) : PatternNode;

/// <summary>The texts of an automaton.</summary>
internal sealed record PatternAutomaton(Dfa Texts) : PatternNode;

/// <summary>The text around this place matches a part, or does not: behind the place, or in front of it. Only between
/// <see cref="RegexParser"/> and <see cref="LookAround"/>, which makes automata of it.</summary>
internal sealed record PatternLook(PatternNode Part, bool IsBehind, bool IsNegated) : PatternNode;

/// <summary>A word begins or ends here, or does not; as <see cref="PatternLook"/>.</summary>
internal sealed record PatternBorder(bool IsNegated) : PatternNode;
