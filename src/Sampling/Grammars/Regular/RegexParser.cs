using System.Globalization;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Regular;

/// <summary>
/// Regular expressions as ECMA-262 writes them, without what no finite automaton can do: back references are refused by name, and
/// look-around inside of repetitions. Groups may be named or not; lazy quantifiers match the same texts as greedy ones. Of other languages
/// there are the flags i and s, <c>\A</c>, <c>\z</c> and <c>\Z</c>.
/// </summary>
internal sealed class RegexParser
{
    private readonly string _text;
    private int _at;
    private int _depth;
    private bool _ignoresCase;
    private bool _dotMeansAll;

    private RegexParser(string text)
    {
        _text = text;
    }

    private bool IsAtEnd => _at >= _text.Length;

    /// <summary>The texts that a pattern describes as a whole.</summary>
    /// <exception cref="GrammarException">It is no pattern, or uses what is not supported.</exception>
    public static PatternNode Parse(string text) =>
        Read(text) is var node && LookAround.IsIn(node) ? LookAround.Resolve(node, searches: false) : node;

    /// <summary>The texts in which a pattern is found.</summary>
    /// <exception cref="GrammarException">As <see cref="Parse"/>.</exception>
    public static Dfa Search(string text) =>
        Read(text) is var node && LookAround.IsIn(node) ? Dfa.Of(LookAround.Resolve(node, searches: true)) : Dfa.Search(node);

    private static PatternNode Read(string text)
    {
        if (text.Length > GrammarLimits.SourceBytes)
        {
            throw GrammarException.Limit("pattern length", $"A pattern has more than {GrammarLimits.SourceBytes} characters.");
        }

        RegexParser parser = new(text);
        parser.LeadingFlags();
        PatternNode node = parser.Choice();
        return parser.IsAtEnd ? node : throw parser.Wrong("a parenthesis too many");
    }

    private PatternNode Choice()
    {
        if (++_depth > GrammarLimits.Nesting)
        {
            throw GrammarException.Limit("nesting", $"The pattern is nested more than {GrammarLimits.Nesting} deep.");
        }

        List<PatternNode> choices = [Sequence()];
        while (TryTake('|'))
        {
            choices.Add(Sequence());
        }

        _depth--;
        return choices.Count == 1 ? choices[0] : new PatternChoice(choices);
    }

    private PatternSequence Sequence()
    {
        List<PatternNode> parts = [];
        while (!IsAtEnd && _text[_at] is not ('|' or ')'))
        {
            PatternNode part = Atom();
            int quantifiers = 0;
            while (Quantifier() is { } counts)
            {
                if (part is PatternBegin or PatternEnd or PatternLook or PatternBorder || ++quantifiers > 1)
                {
                    throw Wrong("nothing to repeat");
                }

                part = new PatternRepeat(part, counts.Least, counts.Most);
                TryTake('?');
                if (!IsAtEnd && _text[_at] == '+')
                {
                    throw Unsupported("possessive quantifiers");
                }
            }

            // A look at one character joins with the set behind it, inside of repetitions, too.
            if (part is PatternSet set && parts is [.., PatternLook { IsBehind: false } look]
                && look.Part is PatternSequence { Parts: [PatternSet seen] })
            {
                part = new PatternSet(set.Set.Intersect(look.IsNegated ? seen.Set.Complement() : seen.Set));
                parts.RemoveAt(parts.Count - 1);
            }

            parts.Add(part);
        }

        return new PatternSequence(parts);
    }

    private (int Least, int? Most)? Quantifier()
    {
        if (IsAtEnd)
        {
            return null;
        }

        switch (_text[_at])
        {
            case '*':
                _at++;
                return (0, null);
            case '+':
                _at++;
                return (1, null);
            case '?':
                _at++;
                return (0, 1);
            case '{':
                return Counts();
            default:
                return null;
        }
    }

    // A brace that begins no counts stands for itself.
    private (int Least, int? Most)? Counts()
    {
        int begin = _at++;
        int? least = Number();
        int? most = least;
        if (least is not null && TryTake(','))
        {
            most = Number();
        }

        if (least is null || !TryTake('}'))
        {
            _at = begin;
            return null;
        }

        return most < least ? throw Wrong("a repetition whose bounds are the wrong way round") : (least.Value, most);
    }

    private int? Number()
    {
        int begin = _at;
        while (!IsAtEnd && char.IsAsciiDigit(_text[_at]))
        {
            _at++;
        }

        if (_at == begin)
        {
            return null;
        }

        return int.TryParse(_text.AsSpan(begin, _at - begin), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && number <= GrammarLimits.Repetition
            ? number
            : throw GrammarException.Limit("repetition", $"A repetition counts beyond {GrammarLimits.Repetition}.");
    }

    private PatternNode Atom()
    {
        char c = _text[_at];
        switch (c)
        {
            case '(':
                return Group();
            case '[':
                _at++;
                return new PatternSet(RegexClass.Parse(_text, ref _at, _ignoresCase));
            case '.':
                _at++;
                return _dotMeansAll ? PatternNode.AnyCodePoint : new PatternSet(RegexClass.Dot);
            case '^':
                _at++;
                return new PatternBegin();
            case '$':
                _at++;
                return new PatternEnd();
            case '*' or '+' or '?':
                throw Wrong("nothing to repeat");
            case '\\':
                return Escape();
            default:
                int point = RegexClass.CodePointAt(_text, ref _at);
                return Set(CodePointSet.Of((point, point)));
        }
    }

    private PatternSet Set(CodePointSet set) => new(_ignoresCase ? LetterCase.Close(set) : set);

    private void LeadingFlags()
    {
        int end = _text.StartsWith("(?", StringComparison.Ordinal) ? _text.IndexOf(')', StringComparison.Ordinal) : -1;
        if (end > 2 && _text.AsSpan(2, end - 2).IndexOfAnyExcept("imsx-") < 0)
        {
            Flags(_text[2..end]);
            _at = end + 1;
        }
    }

    private void Flags(string names)
    {
        bool isOn = true;
        foreach (char name in names)
        {
            switch (name)
            {
                case '-':
                    isOn = false;
                    break;
                case 'i':
                    _ignoresCase = isOn;
                    break;
                case 's':
                    _dotMeansAll = isOn;
                    break;
                default:
                    throw Unsupported($"the flag (?{name})");
            }
        }
    }

    private PatternNode Group()
    {
        _at++;
        (bool ignoresCase, bool dotMeansAll) = (_ignoresCase, _dotMeansAll);
        Func<PatternNode, PatternNode> made = TryTake('?') ? Kind() : inner => inner;
        PatternNode inner = made(Choice());
        (_ignoresCase, _dotMeansAll) = (ignoresCase, dotMeansAll);
        return TryTake(')') ? inner : throw Wrong("a parenthesis without its partner");
    }

    // Behind the question mark of a group: what the group makes of what stands in it.
    private Func<PatternNode, PatternNode> Kind()
    {
        char kind = IsAtEnd ? ' ' : _text[_at++];
        char next = IsAtEnd ? ' ' : _text[_at];
        if (kind is '=' or '!')
        {
            return inner => new PatternLook(Bare(inner), IsBehind: false, IsNegated: kind == '!');
        }

        if (kind == '<' && next is '=' or '!')
        {
            _at++;
            return inner => new PatternLook(inner, IsBehind: true, IsNegated: next == '!');
        }

        if (kind == '<' || (kind == 'P' && next == '<'))
        {
            int end = _text.IndexOf('>', _at);
            _at = end < 0 ? throw Wrong("a group's name without end") : end + 1;
        }
        else if (kind is 'i' or 's' or '-' && _text.IndexOf(':', _at) is >= 0 and int colon
            && _text.AsSpan(_at, colon - _at).IndexOfAnyExcept("imsx-") < 0)
        {
            Flags(kind + _text[_at..colon]);
            _at = colon + 1;
        }
        else if (kind != ':')
        {
            throw Unsupported($"groups of the kind (?{kind}");
        }

        return inner => inner;
    }

    // A choice of single characters is a set, as a sequence of it alone.
    private static PatternNode Bare(PatternNode node) => node is PatternChoice choice
        && choice.Parts.All(p => p is PatternSequence { Parts: [PatternSet] })
        ? new PatternSequence([new PatternSet(choice.Parts
            .Select(p => ((PatternSet)((PatternSequence)p).Parts[0]).Set).Aggregate((a, b) => a.Union(b)))])
        : node;

    private PatternNode Escape()
    {
        char c = _at + 1 < _text.Length ? _text[_at + 1] : throw Wrong("a backslash at the end");
        switch (c)
        {
            case 'b' or 'B':
                _at += 2;
                return new PatternBorder(IsNegated: c == 'B');
            case 'A':
                _at += 2;
                return new PatternBegin();
            case 'z' or 'Z':
                _at += 2;
                return new PatternEnd();
            case (>= '1' and <= '9') or 'k':
                throw Unsupported("back references");
            case 'G':
                throw Unsupported($"the anchor \\{c}");
            default:
                _at++;
                return Set(RegexClass.Escape(_text, ref _at));
        }
    }

    private bool TryTake(char c)
    {
        if (IsAtEnd || _text[_at] != c)
        {
            return false;
        }

        _at++;
        return true;
    }

    private GrammarException Wrong(string what) =>
        GrammarException.Syntax("pattern", $"The pattern '{_text}' has {what} at character {Math.Min(_at, _text.Length)}.");

    private GrammarException Unsupported(string what) =>
        GrammarException.Unsupported(what, $"Patterns with {what} are not supported ('{_text}', character {_at}).");
}
