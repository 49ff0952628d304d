using System.Globalization;
using LayerStream.Sampling.Grammars.Regular;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Gbnf;

/// <summary>
/// Grammars in GBNF: rules <c>name ::= alternatives</c> of literals, classes, groups, names and repetitions; comments from # to the
/// end of the line. The text is a text of the rule <c>root</c>.
/// </summary>
internal sealed class GbnfParser
{
    private readonly string _text;
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly List<PatternNode?> _bodies = [];
    private int _at;
    private int _depth;

    private GbnfParser(string text)
    {
        _text = text;
    }

    private char Current => _at < _text.Length ? _text[_at] : '\0';

    /// <summary>Reads a grammar: the bodies of its rules, and the number of the root.</summary>
    /// <exception cref="GrammarException">It is no grammar, or a rule is missing.</exception>
    public static (IReadOnlyList<PatternNode> Bodies, int Root) Parse(string text)
    {
        if (text.Length > GrammarLimits.SourceBytes)
        {
            throw GrammarException.Limit("length", $"A grammar has more than {GrammarLimits.SourceBytes} characters.");
        }

        GbnfParser parser = new(text);
        parser.Rules();
        int missing = parser._bodies.IndexOf(null);
        if (missing >= 0)
        {
            throw GrammarException.Syntax("rule", $"The grammar has no rule '{parser._numbers.First(n => n.Value == missing).Key}'.");
        }

        return parser._numbers.TryGetValue("root", out int root)
            ? (parser._bodies.ConvertAll(b => b!), root)
            : throw GrammarException.Syntax("root", "The grammar has no rule 'root'.");
    }

    private void Rules()
    {
        Skip(lines: true);
        while (_at < _text.Length)
        {
            int rule = NumberOf(Name());
            Skip(lines: false);
            if (!_text.AsSpan(_at).StartsWith("::=", StringComparison.Ordinal))
            {
                throw Wrong("'::=' is missing");
            }

            _at += 3;
            Skip(lines: true);
            _bodies[rule] = _bodies[rule] is null ? Choice(isNested: false) : throw Wrong("a rule is given twice");
            if (_at < _text.Length && Current is not ('\r' or '\n'))
            {
                throw Wrong($"'{Current}' does not belong here");
            }

            Skip(lines: true);
        }
    }

    private PatternNode Choice(bool isNested)
    {
        if (++_depth > GrammarLimits.Nesting)
        {
            throw GrammarException.Limit("nesting", $"The grammar is nested more than {GrammarLimits.Nesting} deep.");
        }

        List<PatternNode> choices = [Sequence(isNested)];
        while (FindsBar())
        {
            _at++;
            Skip(lines: true);
            choices.Add(Sequence(isNested));
        }

        _depth--;
        return choices.Count == 1 ? choices[0] : new PatternChoice(choices);
    }

    // A bar may begin the next line.
    private bool FindsBar()
    {
        int before = _at;
        Skip(lines: true);
        if (Current == '|')
        {
            return true;
        }

        _at = before;
        return false;
    }

    private PatternSequence Sequence(bool isNested)
    {
        List<PatternNode> parts = [];
        while (Item() is { } item)
        {
            Skip(lines: isNested);
            parts.Add(Repeated(item, isNested));
        }

        return new PatternSequence(parts);
    }

    private PatternNode? Item()
    {
        switch (Current)
        {
            case '"':
                return Literal();
            case '[':
                return Class();
            case '.':
                _at++;
                return PatternNode.AnyCodePoint;
            case '(':
                _at++;
                Skip(lines: true);
                PatternNode inner = Choice(isNested: true);
                Skip(lines: true);
                _at += Current == ')' ? 1 : throw Wrong("')' is missing");
                return inner;
            case '<' or '!':
                throw GrammarException.Unsupported("tokens", $"Tokens in a grammar are not supported (character {_at}).");
            default:
                return IsWord(Current) ? new PatternCall(NumberOf(Name())) : null;
        }
    }

    private PatternNode Repeated(PatternNode item, bool isNested)
    {
        while (true)
        {
            switch (Current)
            {
                case '*':
                    _at++;
                    item = new PatternRepeat(item, 0, null);
                    break;
                case '+':
                    _at++;
                    item = new PatternRepeat(item, 1, null);
                    break;
                case '?':
                    _at++;
                    item = new PatternRepeat(item, 0, 1);
                    break;
                case '{':
                    item = Counted(item);
                    break;
                default:
                    return item;
            }

            Skip(lines: isNested);
        }
    }

    private PatternRepeat Counted(PatternNode item)
    {
        _at++;
        Skip(lines: false);
        int? least = Number();
        int? most = least;
        Skip(lines: false);
        if (Current == ',')
        {
            _at++;
            Skip(lines: false);
            most = Number();
            Skip(lines: false);
        }
        else if (least is null)
        {
            throw Wrong("a repetition without a count");
        }

        _at += Current == '}' ? 1 : throw Wrong("'}' is missing");
        return most < least ? throw Wrong("the bounds of a repetition are the wrong way round") : new PatternRepeat(item, least ?? 0, most);
    }

    private int? Number()
    {
        int begin = _at;
        while (char.IsAsciiDigit(Current))
        {
            _at++;
        }

        return _at == begin ? null
            : int.TryParse(_text.AsSpan(begin, _at - begin), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                && number <= GrammarLimits.Repetition ? number
            : throw GrammarException.Limit("repetition", $"A repetition counts beyond {GrammarLimits.Repetition}.");
    }

    private PatternSequence Literal()
    {
        List<PatternNode> points = [];
        _at++;
        while (Current != '"')
        {
            int point = Point();
            points.Add(new PatternSet(CodePointSet.Of((point, point))));
        }

        _at++;
        return new PatternSequence(points);
    }

    private PatternSet Class()
    {
        _at++;
        bool isNegated = Current == '^';
        _at += isNegated ? 1 : 0;
        List<(int Low, int High)> ranges = [];
        while (Current != ']')
        {
            int low = Point(), high = low;
            if (Current == '-' && _at + 1 < _text.Length && _text[_at + 1] != ']')
            {
                _at++;
                high = Point();
            }

            ranges.Add(low <= high ? (low, high) : throw Wrong("a range runs backwards"));
        }

        _at++;
        CodePointSet set = CodePointSet.Of(ranges);
        return new PatternSet(isNegated ? set.Complement() : set);
    }

    private int Point()
    {
        if (_at >= _text.Length)
        {
            throw Wrong("a literal or class without end");
        }

        if (Current != '\\')
        {
            return RegexClass.CodePointAt(_text, ref _at);
        }

        _at++;
        char c = Current;
        _at++;
        return c switch
        {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'x' => Hex(2),
            'u' => Hex(4),
            'U' => Hex(8),
            '\\' or '"' or '[' or ']' or '-' or '^' or '/' or '\'' => c,
            _ => throw Wrong($"the escape \\{c} means nothing"),
        };
    }

    private int Hex(int digits)
    {
        if (_at + digits > _text.Length
            || !int.TryParse(_text.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int point)
            || point is < 0 or > CodePointSet.Last)
        {
            throw Wrong($"an escape without its {digits} digits");
        }

        _at += digits;
        return point;
    }

    private string Name()
    {
        int begin = _at;
        while (IsWord(Current))
        {
            _at++;
        }

        return _at > begin ? _text[begin.._at] : throw Wrong("a rule's name is missing");
    }

    private int NumberOf(string name)
    {
        if (!_numbers.TryGetValue(name, out int number))
        {
            number = _numbers[name] = _bodies.Count;
            _bodies.Add(null);
        }

        return number;
    }

    private void Skip(bool lines)
    {
        while (Current is ' ' or '\t' or '#' || (lines && Current is '\r' or '\n' && _at < _text.Length))
        {
            if (Current == '#')
            {
                int end = _text.AsSpan(_at).IndexOfAny('\r', '\n');
                _at = end < 0 ? _text.Length : _at + end;
            }
            else
            {
                _at++;
            }
        }
    }

    private static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_';

    private GrammarException Wrong(string what)
    {
        int line = _text.AsSpan(0, Math.Min(_at, _text.Length)).Count('\n') + 1;
        return GrammarException.Syntax("grammar", $"The grammar cannot be read in line {line}: {what}.");
    }
}
