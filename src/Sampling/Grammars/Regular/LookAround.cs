using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Regular;

/// <summary>
/// Takes look-around and borders of words out of a pattern: what a look-ahead asks for is met by the text up to its end, so that the rest
/// of the pattern and what is asked for become one automaton; what a look-behind asks for is met by the text from its beginning. That
/// needs them outside of repetitions.
/// </summary>
internal static class LookAround
{
    private const int MostAlternatives = 64;
    private const int MostStates = 20 * GrammarLimits.DeterministicStates; // of all automata that are made on the way

    private static readonly PatternNode s_any = new PatternRepeat(PatternNode.AnyCodePoint, 0, null);
    private static readonly PatternNode s_word = new PatternSet(RegexClass.Words);

    /// <summary>The pattern without them.</summary>
    /// <param name="node">The pattern.</param>
    /// <param name="searches">Whether any text may stand around; the result says so itself.</param>
    /// <exception cref="GrammarException">One stands where no automaton can be made of it.</exception>
    public static PatternNode Resolve(PatternNode node, bool searches)
    {
        List<List<PatternNode>> alternatives = Expand(node);
        int states = 0;
        return new PatternChoice([.. alternatives.Select(a => Fold(searches ? [s_any, .. a, s_any] : a, ref states))]);
    }

    /// <summary>Whether the pattern has any.</summary>
    public static bool IsIn(PatternNode node) => Has(node, n => n is PatternLook or PatternBorder);

    // Alternatives without a choice around a look: each a sequence.
    private static List<List<PatternNode>> Expand(PatternNode node)
    {
        if (!IsIn(node) || node is PatternLook)
        {
            return [[node]];
        }

        List<List<PatternNode>> found = node switch
        {
            PatternChoice choice => [.. choice.Parts.SelectMany(Expand)],
            PatternSequence sequence => sequence.Parts.Aggregate<PatternNode, List<List<PatternNode>>>([[]], Append),
            PatternRepeat { Least: 0, Most: 1 } repeat => [[], .. Expand(repeat.Part)],
            PatternBorder border => [Border(true, border.IsNegated), Border(false, border.IsNegated)],
            _ => throw Unsupported("a repetition around it"),
        };
        return found.Count <= MostAlternatives ? found : throw Unsupported($"more than {MostAlternatives} alternatives");
    }

    private static List<List<PatternNode>> Append(List<List<PatternNode>> before, PatternNode part)
    {
        List<List<PatternNode>> next = Expand(part);
        if (next is [List<PatternNode> only])
        {
            before.ForEach(b => b.AddRange(only)); // in place: a pattern may have a part for every byte
            return before;
        }

        return before.Count * next.Count > MostAlternatives ? throw Unsupported($"more than {MostAlternatives} alternatives")
            : [.. before.SelectMany(b => next.Select(n => (List<PatternNode>)[.. b, .. n]))];
    }

    private static List<PatternNode> Border(bool isBehindWord, bool isNegated) =>
    [
        new PatternLook(s_word, IsBehind: true, IsNegated: !isBehindWord),
        new PatternLook(s_word, IsBehind: false, IsNegated: isBehindWord != isNegated),
    ];

    // Looks behind first, from the left: each joins with the text in front of it. Then looks ahead, from the right, each with all that
    // follows.
    private static PatternSequence Fold(List<PatternNode> parts, ref int states)
    {
        foreach (PatternLook look in parts.OfType<PatternLook>())
        {
            if (IsIn(look.Part) || Has(look.Part, n => look.IsBehind ? n is PatternEnd : n is PatternBegin))
            {
                throw Unsupported("an anchor or another one in it");
            }
        }

        while (parts.FindIndex(p => p is PatternLook { IsBehind: true }) is >= 0 and int at)
        {
            Behind(parts, at, (PatternLook)parts[at], ref states);
        }

        while (parts.FindLastIndex(p => p is PatternLook) is >= 0 and int at)
        {
            Ahead(parts, at, (PatternLook)parts[at], ref states);
        }

        return new PatternSequence(parts);
    }

    private static void Ahead(List<PatternNode> parts, int at, PatternLook look, ref int states)
    {
        PatternSequence behind = new(parts[(at + 1)..]);
        if (Has(behind, n => n is PatternBegin))
        {
            throw Unsupported("the beginning of the text behind it");
        }

        parts.RemoveRange(at, parts.Count - at);
        parts.Add(Join(behind, new PatternSequence([look.Part, s_any]), look.IsNegated, ref states));
    }

    private static void Behind(List<PatternNode> parts, int at, PatternLook look, ref int states)
    {
        int begin = at == 0 ? 0 : parts.FindLastIndex(at - 1, p => p is PatternLook) + 1;
        PatternSequence before = new(parts[begin..at]);
        bool isWhole = begin == 0
            || (Longest(look.Part) <= Shortest(before) && !Has(before, n => n is PatternBegin) && !Has(look.Part, n => n is PatternBegin));
        if (!isWhole || Has(before, n => n is PatternEnd))
        {
            throw Unsupported("an anchor or another one before it");
        }

        parts.RemoveRange(begin, at - begin);
        parts[begin] = Join(before, new PatternSequence([s_any, look.Part]), look.IsNegated, ref states);
    }

    // The texts of a part of the pattern that are what a look asks for.
    private static PatternAutomaton Join(PatternSequence part, PatternSequence asked, bool isNegated, ref int states)
    {
        Dfa texts = Dfa.Of(part), wanted = Dfa.Of(asked), both = Dfa.Intersect([(texts, false), (wanted, isNegated)]);
        states += texts.Count + wanted.Count + both.Count;
        return states <= MostStates ? new PatternAutomaton(both)
            : throw GrammarException.Limit("pattern states", $"Look-around in the pattern needs more than {MostStates} states.");
    }

    private static bool Has(PatternNode node, Func<PatternNode, bool> isMeant) => isMeant(node) || node switch
    {
        PatternSequence sequence => sequence.Parts.Any(p => Has(p, isMeant)),
        PatternChoice choice => choice.Parts.Any(p => Has(p, isMeant)),
        PatternRepeat repeat => Has(repeat.Part, isMeant),
        PatternLook look => Has(look.Part, isMeant),
        _ => false,
    };

    // In code points.
    private static long Shortest(PatternNode node) => node switch
    {
        PatternSet => 1,
        PatternSequence sequence => sequence.Parts.Sum(Shortest),
        PatternChoice choice => choice.Parts.Min(Shortest),
        PatternRepeat repeat => Math.Min(GrammarLimits.SourceBytes, repeat.Least * Shortest(repeat.Part)),
        _ => 0,
    };

    private static long Longest(PatternNode node) => node switch
    {
        PatternSet => 1,
        PatternSequence sequence => sequence.Parts.Sum(Longest),
        PatternChoice choice => choice.Parts.Max(Longest),
        PatternRepeat { Most: int most } repeat => Math.Min(GrammarLimits.SourceBytes, most * Longest(repeat.Part)),
        PatternRepeat => GrammarLimits.SourceBytes,
        _ => 0,
    };

    private static GrammarException Unsupported(string what) =>
        GrammarException.Unsupported("look-around", $"Look-around with {what} is not supported.");
}
