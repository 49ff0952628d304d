using LayerStream.Templates.Runtime;

namespace LayerStream.Templates.Syntax;

/// <summary>
/// Splits a template into text and tags with trim_blocks and lstrip_blocks on: the newline after <c>%}</c> or <c>#}</c>
/// goes, as does white space before <c>{%</c> or <c>{#</c> alone on its line; <c>-</c> strips all, <c>+</c> keeps all.
/// </summary>
internal sealed class TemplateLexer
{
    private static readonly System.Buffers.SearchValues<char> s_tagStart = System.Buffers.SearchValues.Create("{");

    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private int _position;
    private int _line = 1;
    private bool _lineStarting = true;

    private TemplateLexer(string source)
    {
        _source = source;
    }

    public static List<Token> Split(string template)
    {
        string source = template.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        var lexer = new TemplateLexer(source.EndsWith('\n') ? source[..^1] : source);
        lexer.Run();
        return lexer._tokens;
    }

    private void Run()
    {
        while (_position < _source.Length)
        {
            int tag = NextTag(_position);
            if (tag < 0)
            {
                Add(TokenKind.Data, _source[_position..]);
                MoveTo(_source.Length);
                break;
            }

            char kind = _source[tag + 1];
            char sign = SignAt(tag + 2);
            AddData(_source[_position..tag], sign, isPrint: kind == '{');
            MoveTo(tag + 2 + (sign == ' ' ? 0 : 1));
            switch (kind)
            {
                case '#':
                    SkipComment();
                    break;
                case '%' when TryRaw():
                    break;
                case '%':
                    Add(TokenKind.BlockBegin, "{%");
                    new TagLexer(_source, _tokens, "%}", TokenKind.BlockEnd).Run(ref _position, ref _line);
                    break;
                default:
                    Add(TokenKind.VariableBegin, "{{");
                    new TagLexer(_source, _tokens, "}}", TokenKind.VariableEnd).Run(ref _position, ref _line);
                    break;
            }

            _lineStarting = _source[_position - 1] == '\n';
        }

        _tokens.Add(new Token(TokenKind.End, "", _line));
    }

    private int NextTag(int from)
    {
        for (int i = from; i < _source.Length - 1; i++)
        {
            int next = _source.AsSpan(i).IndexOfAny(s_tagStart);
            if (next < 0 || i + next + 1 >= _source.Length)
            {
                return -1;
            }

            i += next;
            if (_source[i + 1] is '{' or '%' or '#')
            {
                return i;
            }
        }

        return -1;
    }

    private char SignAt(int index) => index < _source.Length && _source[index] is '-' or '+' ? _source[index] : ' ';

    private void Add(TokenKind kind, string text)
    {
        if (text.Length > 0)
        {
            _tokens.Add(new Token(kind, text, _line));
        }
    }

    private void AddData(string text, char sign, bool isPrint)
    {
        if (sign == '-')
        {
            text = text[..Whitespace.TrimmedLength(text)];
        }
        else if (sign != '+' && !isPrint)
        {
            int lineStart = text.LastIndexOf('\n') + 1;
            if ((lineStart > 0 || _lineStarting) && Whitespace.IsBlank(text.AsSpan(lineStart)))
            {
                text = text[..lineStart];
            }
        }

        Add(TokenKind.Data, text);
    }

    private void MoveTo(int position)
    {
        _line += _source.AsSpan(_position, position - _position).Count('\n');
        _position = position;
    }

    private void SkipComment()
    {
        int end = _source.IndexOf("#}", _position, StringComparison.Ordinal);
        if (end < 0)
        {
            throw new TemplateSyntaxException("missing end of comment tag", _line);
        }

        char sign = end > _position ? SignAt(end - 1) : ' ';
        MoveTo(AfterTag(_source, end + 2, sign, trimsNewline: true));
    }

    /// <summary>Where text continues after a closing tag that ends at <paramref name="position"/>.</summary>
    public static int AfterTag(string source, int position, char sign, bool trimsNewline)
    {
        if (sign == '-')
        {
            while (position < source.Length && Whitespace.IsSpace(source[position]))
            {
                position++;
            }
        }
        else if (sign != '+' && trimsNewline && position < source.Length && source[position] == '\n')
        {
            position++;
        }

        return position;
    }

    // {% raw %} … {% endraw %}: position stands after "{%" and its sign.
    private bool TryRaw()
    {
        if (!TryBareTag(_position, "raw", out int begin, out char sign) || sign == '+')
        {
            return false;
        }

        MoveTo(AfterTag(_source, begin, sign, trimsNewline: false));
        for (int i = _position; (i = _source.IndexOf("{%", i, StringComparison.Ordinal)) >= 0; i += 2)
        {
            char open = SignAt(i + 2);
            if (TryBareTag(i + 2 + (open == ' ' ? 0 : 1), "endraw", out int end, out char close))
            {
                _lineStarting = _source[_position - 1] == '\n';
                AddData(_source[_position..i], open, isPrint: false);
                MoveTo(AfterTag(_source, end, close, trimsNewline: true));
                return true;
            }
        }

        throw new TemplateSyntaxException("missing end of raw directive", _line);
    }

    private bool TryBareTag(int position, string word, out int end, out char sign)
    {
        int i = AfterTag(_source, position, '-', trimsNewline: false);
        sign = ' ';
        end = 0;
        if (string.CompareOrdinal(_source, i, word, 0, word.Length) != 0)
        {
            return false;
        }

        i = AfterTag(_source, i + word.Length, '-', trimsNewline: false);
        sign = SignAt(i);
        i += sign == ' ' ? 0 : 1;
        end = i + 2;
        return string.CompareOrdinal(_source, i, "%}", 0, 2) == 0;
    }
}
