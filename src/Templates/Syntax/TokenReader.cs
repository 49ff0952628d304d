using LayerStream.Templates.Builtins;
using LayerStream.Templates.Runtime;

namespace LayerStream.Templates.Syntax;

/// <summary>Walks a token list that ends with <see cref="TokenKind.End"/>, and counts the nesting of what reads it.</summary>
internal abstract class TokenReader(List<Token> tokens)
{
    private int _index;
    private int _nesting;

    protected Token Current => tokens[_index];

    protected Token Following => tokens[Math.Min(_index + 1, tokens.Count - 1)];

    protected Token Next()
    {
        var token = tokens[_index];
        _index = Math.Min(_index + 1, tokens.Count - 1);
        return token;
    }

    protected bool TryOperator(string sign)
    {
        bool found = Current.IsOperator(sign);
        if (found)
        {
            Next();
        }

        return found;
    }

    protected bool TryName(string name)
    {
        bool found = Current.IsName(name);
        if (found)
        {
            Next();
        }

        return found;
    }

    protected void ExpectOperator(string sign)
    {
        if (!TryOperator(sign))
        {
            throw Error($"expected '{sign}', got {Current}");
        }
    }

    protected Token Expect(TokenKind kind) => Current.Kind == kind ? Next() : throw Error($"expected {kind}, got {Current}");

    protected TemplateSyntaxException Error(string message) => new(message, Current.Line);

    protected void EnterNesting()
    {
        if (++_nesting > TemplateLimits.SyntaxDepth)
        {
            throw Error("the template is nested too deeply");
        }
    }

    protected void LeaveNesting() => _nesting--;

    /// <summary>The comparison sign at this place ("not in" is two words); null when there is none.</summary>
    protected string? PeekComparison()
    {
        var token = Current;
        if (token.IsName("in"))
        {
            return "in";
        }

        if (token.IsName("not") && Following.IsName("in"))
        {
            return "not in";
        }

        return token.Kind == TokenKind.Operator && OperatorTable.Comparisons.ContainsKey(token.Text) ? token.Text : null;
    }

    protected string ParseDottedName()
    {
        string name = Expect(TokenKind.Name).Text;
        while (TryOperator("."))
        {
            name += "." + Expect(TokenKind.Name).Text;
        }

        return name;
    }
}
