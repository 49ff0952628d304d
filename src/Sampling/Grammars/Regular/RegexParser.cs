using System.Globalization;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Regular;

/// <summary>
/// Regular expressions as ECMA-262 writes them, without what no finite automaton can do: look-around and back references are refused
/// by name. Groups may be named or not; lazy quantifiers match the same texts as greedy ones.
/// </summary>
internal sealed class RegexParser
{
    private readonly string _text;
    private int _at;
    private int _depth;

    private RegexParser(string text)
    {
        _text = text;
    }

    private bool IsAtEnd => _at >= _text.Length;

    /// <summary>Reads a pattern.</summary>
    /// <exception cref="GrammarException">It is no pattern, or uses what is not supported.</exception>
    public static PatternNode Parse(string text)
    {
        if (text.Length > GrammarLimits.SourceBytes)
        {
            throw GrammarException.Limit("pattern length", $"A pattern has more than {GrammarLimits.SourceBytes} characters.");
        }

        RegexParser parser = new(text);
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
                if (part is PatternBegin or PatternEnd || ++quantifiers > 1)
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
                return new PatternSet(RegexClass.Parse(_text, ref _at));
            case '.':
                _at++;
                return new PatternSet(RegexClass.Dot);
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
                return new PatternSet(CodePointSet.Of((point, point)));
        }
    }

    private PatternNode Group()
    {
        _at++;
        if (TryTake('?'))
        {
            char kind = IsAtEnd ? ' ' : _text[_at++];
            char next = IsAtEnd ? ' ' : _text[_at];
            if (kind is '=' or '!' || (kind == '<' && next is '=' or '!'))
            {
                throw Unsupported("look-around");
            }

            if (kind == '<' || (kind == 'P' && next == '<'))
            {
                int end = _text.IndexOf('>', _at);
                _at = end < 0 ? throw Wrong("a group's name without end") : end + 1;
            }
            else if (kind != ':')
            {
                throw Unsupported($"groups of the kind (?{kind}");
            }
        }

        PatternNode inner = Choice();
        return TryTake(')') ? inner : throw Wrong("a parenthesis without its partner");
    }

    private PatternSet Escape()
    {
        char c = _at + 1 < _text.Length ? _text[_at + 1] : throw Wrong("a backslash at the end");
        switch (c)
        {
            case 'b' or 'B':
                throw Unsupported("word borders (\\b)");
            case (>= '1' and <= '9') or 'k':
                throw Unsupported("back references");
            case 'A' or 'z' or 'Z' or 'G':
                throw Unsupported($"the anchor \\{c}");
            default:
                _at++;
                return new PatternSet(RegexClass.Escape(_text, ref _at));
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
