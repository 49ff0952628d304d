using LayerStream.Sampling.Grammars.Json.Schemas;
using LayerStream.Sampling.Grammars.Regular;

namespace LayerStream.Sampling.Grammars.Json.Texts;

/// <summary>Matchers and states of texts, each made once; all are forgotten when there are too many.</summary>
/// <param name="checks">Whether any escape goes; where texts are made, no printable ASCII is escaped by its number.</param>
internal sealed class TextMatchers(bool checks)
{
    private const int MostStates = 1_000;

    private readonly Dictionary<(Dfa Dfa, int State), DfaMatcher> _automata = [];
    private readonly Dictionary<(TextRule Rule, int Count, int State), CountedMatcher> _counted = [];
    private readonly Dictionary<NamePlace, NameMatcher> _names = [];
    private readonly Dictionary<TextMatcher?[], TextState> _inside = new(MatcherComparer.Instance);
    private readonly Dictionary<TextMatcher?[], TextState> _ends = new(MatcherComparer.Instance);

    /// <summary>Whether any escape goes.</summary>
    public bool Checks => checks;

    /// <summary>The code points that may come next as an escaped number.</summary>
    public CodePointSet Escaped(TextMatcher? matcher) =>
        matcher is null ? CodePointSet.Empty : checks ? matcher.Live : matcher.Unusual;

    /// <summary>The first matcher of a rule.</summary>
    public TextMatcher? Of(TextRule rule) => Of(rule, 0, rule.Texts.Start);

    /// <summary>A matcher of an automaton, or null for none.</summary>
    public TextMatcher? Of(Dfa dfa, int state)
    {
        if (state < 0)
        {
            return null;
        }

        if (!_automata.TryGetValue((dfa, state), out DfaMatcher? matcher))
        {
            matcher = _automata[(dfa, state)] = new DfaMatcher(this, dfa, state);
        }

        return matcher;
    }

    /// <summary>A matcher that counts.</summary>
    public TextMatcher? Of(TextRule rule, int count, int state)
    {
        if (rule.Most is null && count >= rule.Least)
        {
            return Of(rule.Texts, state);
        }

        if (!_counted.TryGetValue((rule, count, state), out CountedMatcher? matcher))
        {
            matcher = _counted[(rule, count, state)] = new CountedMatcher(this, rule, count, state);
        }

        return matcher;
    }

    /// <summary>A matcher of a name.</summary>
    public TextMatcher Of(NamePlace place)
    {
        if (!_names.TryGetValue(place, out NameMatcher? matcher))
        {
            matcher = _names[place] = new NameMatcher(this, place);
        }

        return matcher;
    }

    /// <summary>The state inside of a text, or behind its end; null when no matcher is left.</summary>
    public TextState? StateOf(TextMatcher?[] matchers, bool isEnd)
    {
        if (Array.TrueForAll(matchers, m => m is null))
        {
            return null;
        }

        Dictionary<TextMatcher?[], TextState> states = isEnd ? _ends : _inside;
        if (!states.TryGetValue(matchers, out TextState? state))
        {
            Shrink();
            state = states[matchers] = new TextState(this, matchers, isEnd ? TextPlace.End : TextPlace.Inside, 0);
        }

        return state;
    }

    private void Shrink()
    {
        if (_inside.Count + _ends.Count > MostStates)
        {
            _inside.Clear();
            _ends.Clear();
            _counted.Clear();
            _names.Clear();
            _automata.Clear();
        }
    }

    private sealed class MatcherComparer : IEqualityComparer<TextMatcher?[]>
    {
        public static MatcherComparer Instance { get; } = new();

        public bool Equals(TextMatcher?[]? x, TextMatcher?[]? y) => x is not null && y is not null && x.AsSpan().SequenceEqual(y);

        public int GetHashCode(TextMatcher?[] obj)
        {
            HashCode hash = default;
            foreach (TextMatcher? matcher in obj)
            {
                hash.Add(matcher);
            }

            return hash.ToHashCode();
        }
    }
}
