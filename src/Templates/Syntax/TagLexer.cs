using System.Globalization;
using System.Text;
using LayerStream.Templates.Runtime;

namespace LayerStream.Templates.Syntax;

/// <summary>Reads the tokens inside one <c>{{ }}</c> or <c>{% %}</c> tag up to and including its end.</summary>
internal sealed class TagLexer(string source, List<Token> tokens, string close, TokenKind closeKind)
{
    // Longest first.
    private static readonly string[] s_operators =
    [
        "//", "**", "==", "!=", ">=", "<=",
        "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";",
    ];

    private readonly Stack<char> _open = new();
    private int _position;
    private int _line;

    public void Run(ref int position, ref int line)
    {
        _position = position;
        _line = line;
        while (!TryEnd())
        {
            ReadToken();
        }

        position = _position;
        line = _line;
    }

    private bool TryEnd()
    {
        while (_position < source.Length && Whitespace.IsSpace(source[_position]))
        {
            _line += source[_position++] == '\n' ? 1 : 0;
        }

        if (_position >= source.Length)
        {
            throw Error($"unexpected end of template, '{close}' is missing");
        }

        if (_open.Count > 0)
        {
            return false;
        }

        char sign = source[_position] is '-' || (source[_position] is '+' && closeKind == TokenKind.BlockEnd) ? source[_position] : ' ';
        int tag = _position + (sign == ' ' ? 0 : 1);
        if (string.CompareOrdinal(source, tag, close, 0, close.Length) != 0)
        {
            return false;
        }

        tokens.Add(new Token(closeKind, close, _line));
        int end = TemplateLexer.AfterTag(source, tag + close.Length, sign, trimsNewline: closeKind == TokenKind.BlockEnd);
        _line += source.AsSpan(_position, end - _position).Count('\n');
        _position = end;
        return true;
    }

    private void ReadToken()
    {
        char c = source[_position];
        if (c is '\'' or '"')
        {
            ReadText(c);
        }
        else if (char.IsAsciiDigit(c))
        {
            ReadNumber();
        }
        else if (Identifiers.LengthAt(source, _position) is > 0 and var length)
        {
            tokens.Add(new Token(TokenKind.Name, source.Substring(_position, length), _line));
            _position += length;
        }
        else
        {
            ReadOperator();
        }
    }

    private void ReadOperator()
    {
        string? sign = Array.Find(s_operators, x => string.CompareOrdinal(source, _position, x, 0, x.Length) == 0)
            ?? throw Error($"unexpected character '{source[_position]}'");
        if (sign is "(" or "[" or "{")
        {
            _open.Push(sign[0] == '(' ? ')' : sign[0] == '[' ? ']' : '}');
        }
        else if (sign is ")" or "]" or "}")
        {
            if (!_open.TryPop(out char expected) || expected != sign[0])
            {
                throw Error($"unexpected '{sign}'");
            }
        }

        tokens.Add(new Token(TokenKind.Operator, sign, _line));
        _position += sign.Length;
    }

    private void ReadNumber()
    {
        int start = _position;
        bool afterDot = tokens.Count > 0 && tokens[^1].IsOperator(".") && start > 0 && source[start - 1] == '.';
        if (source[start] == '0' && start + 2 < source.Length && char.ToLowerInvariant(source[start + 1]) is 'x' or 'o' or 'b')
        {
            _position += 2;
            SkipWhile(char.IsAsciiHexDigit);
            tokens.Add(new Token(TokenKind.Integer, source[start.._position].Replace("_", "", StringComparison.Ordinal), _line));
            return;
        }

        SkipWhile(char.IsAsciiDigit);
        int whole = _position;
        if (!afterDot)
        {
            SkipFraction();
        }

        string text = source[start.._position].Replace("_", "", StringComparison.Ordinal);
        tokens.Add(new Token(_position > whole ? TokenKind.Float : TokenKind.Integer, text, _line));
    }

    private void SkipFraction()
    {
        if (DigitAt(_position + 1) && source[_position] == '.')
        {
            _position++;
            SkipWhile(char.IsAsciiDigit);
        }

        if (_position < source.Length && source[_position] is 'e' or 'E')
        {
            int sign = _position + 1 < source.Length && source[_position + 1] is '+' or '-' ? 1 : 0;
            if (DigitAt(_position + 1 + sign))
            {
                _position += 1 + sign;
                SkipWhile(char.IsAsciiDigit);
            }
        }
    }

    private bool DigitAt(int index) => index < source.Length && char.IsAsciiDigit(source[index]);

    private void SkipWhile(Func<char, bool> isDigit)
    {
        while (_position < source.Length
            && (isDigit(source[_position])
                || (source[_position] == '_' && _position + 1 < source.Length && isDigit(source[_position + 1]))))
        {
            _position++;
        }
    }

    private void ReadText(char quote)
    {
        int line = _line;
        var builder = new StringBuilder();
        for (_position++; _position < source.Length && source[_position] != quote; _position++)
        {
            char c = source[_position];
            _line += c == '\n' ? 1 : 0;
            if (c == '\\')
            {
                _position++;
                ReadEscape(builder);
            }
            else
            {
                builder.Append(c);
            }
        }

        if (_position >= source.Length)
        {
            throw new TemplateSyntaxException("unterminated string", line);
        }

        _position++;
        tokens.Add(new Token(TokenKind.Text, builder.ToString(), line));
    }

    // Position stands on the character after the backslash and is left on the last one used.
    private void ReadEscape(StringBuilder builder)
    {
        const string Letters = "abfnrtv\\'\"", Meanings = "\a\b\f\n\r\t\v\\'\"";
        if (_position >= source.Length)
        {
            throw Error("unterminated string");
        }

        char c = source[_position];
        int letter = Letters.IndexOf(c);
        if (letter >= 0)
        {
            builder.Append(Meanings[letter]);
        }
        else if (c is >= '0' and <= '7')
        {
            ReadOctal(builder);
        }
        else if (c is 'x' or 'u' or 'U')
        {
            ReadHex(builder, c == 'x' ? 2 : c == 'u' ? 4 : 8);
        }
        else if (c == '\n')
        {
            _line++;
        }
        else
        {
            builder.Append('\\').Append(c);
        }
    }

    private void ReadOctal(StringBuilder builder)
    {
        int code = 0, digits = 0;
        while (digits < 3 && _position < source.Length && source[_position] is >= '0' and <= '7')
        {
            code = (code * 8) + source[_position++] - '0';
            digits++;
        }

        _position--;
        builder.Append((char)code);
    }

    private void ReadHex(StringBuilder builder, int digits)
    {
        var hex = source.AsSpan(_position + 1, Math.Min(digits, source.Length - _position - 1));
        if (hex.Length < digits || !uint.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint code)
            || code > 0x10ffff)
        {
            throw Error($"truncated or illegal \\{source[_position]} escape");
        }

        builder.Append(code > 0xffff ? char.ConvertFromUtf32((int)code) : ((char)code).ToString());
        _position += digits;
    }

    private TemplateSyntaxException Error(string message) => new(message, _line);
}
