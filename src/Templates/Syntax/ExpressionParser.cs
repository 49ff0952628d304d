using System.Globalization;
using LayerStream.Templates.Builtins;
using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Syntax;

/// <summary>Expressions by precedence climbing; see <see cref="OperatorTable"/>. Recursion is limited.</summary>
internal abstract class ExpressionParser(List<Token> tokens) : TokenReader(tokens)
{
    private static readonly HashSet<string> s_keywords = ["and", "or", "not", "in", "is", "if", "else", "elif", "endif", "endfor",
        "recursive"];

    // A word after a test name that is not its argument.
    private static readonly HashSet<string> s_afterTest = ["else", "or", "and", "if", "in", "not"];

    /// <summary>Called for every variable name read.</summary>
    protected abstract void NameUsed(string name);

    /// <summary>One expression, or several with commas as a tuple.</summary>
    protected Expression ParseTuple(bool withCondition = true)
    {
        int line = Current.Line;
        var items = new List<Expression>();
        bool isTuple = false;
        while (!EndsTuple())
        {
            items.Add(withCondition ? ParseExpression() : ParseBinary(OperatorTable.Or));
            if (!TryOperator(","))
            {
                break;
            }

            isTuple = true;
        }

        return items.Count == 0 ? throw Error($"expected an expression, got {Current}")
            : isTuple ? new TupleExpression(line, [.. items]) : items[0];
    }

    protected Expression ParseExpression()
    {
        EnterNesting();
        int line = Current.Line;
        var value = ParseBinary(OperatorTable.Or);
        while (TryName("if"))
        {
            var condition = ParseBinary(OperatorTable.Or);
            value = new ConditionalExpression(line, condition, value, TryName("else") ? ParseExpression() : null);
        }

        LeaveNesting();
        return value;
    }

    /// <summary>Filters after a pipe sign: <c>|a|b(1)</c>; the input is given.</summary>
    protected Expression ParseFilters(Expression input)
    {
        while (TryOperator("|"))
        {
            input = ParseFilter(input);
        }

        return input;
    }

    protected Expression ParseFilter(Expression input)
    {
        int line = Current.Line;
        string name = ParseDottedName();
        return new FilterExpression(line, input, name, TryOperator("(") ? ParseArguments() : ArgumentExpressions.None);
    }

    private bool EndsTuple() => Current.Kind is TokenKind.BlockEnd or TokenKind.VariableEnd or TokenKind.End
        || Current.IsOperator(")") || Current.IsName("in") || Current.IsName("recursive");

    private Expression ParseBinary(int minimum)
    {
        var left = minimum <= OperatorTable.Not && Current.IsName("not") ? ParseNot() : ParseUnary(withFilters: true);
        while (true)
        {
            int line = Current.Line;
            if (Current.Kind == TokenKind.Operator && OperatorTable.Binary.TryGetValue(Current.Text, out var row)
                && row.Precedence >= minimum)
            {
                Next();
                left = new BinaryExpression(line, left, ParseBinary(row.Precedence + 1), row.Apply);
            }
            else if (minimum <= OperatorTable.Compare && PeekComparison() is not null)
            {
                left = ParseComparison(left);
            }
            else if (minimum <= OperatorTable.And && TryName("and"))
            {
                left = new LogicExpression(line, left, ParseBinary(OperatorTable.And + 1), isOr: false);
            }
            else if (minimum <= OperatorTable.Or && TryName("or"))
            {
                left = new LogicExpression(line, left, ParseBinary(OperatorTable.Or + 1), isOr: true);
            }
            else
            {
                return left;
            }
        }
    }

    private UnaryExpression ParseNot()
    {
        EnterNesting();
        int line = Next().Line;
        var operand = ParseBinary(OperatorTable.Not);
        LeaveNesting();
        return new UnaryExpression(line, operand, (_, x) => BoolValue.Of(!x.IsTrue));
    }

    private ComparisonExpression ParseComparison(Expression first)
    {
        int line = Current.Line;
        var links = new List<(Comparison, Expression)>();
        while (PeekComparison() is { } sign)
        {
            Next();
            if (sign == "not in")
            {
                Next();
            }

            links.Add((OperatorTable.Comparisons[sign], ParseBinary(OperatorTable.Compare + 1)));
        }

        return new ComparisonExpression(line, first, links);
    }

    private Expression ParseUnary(bool withFilters)
    {
        int line = Current.Line;
        Expression value;
        if (Current.IsOperator("-") || Current.IsOperator("+"))
        {
            EnterNesting();
            bool negative = Next().Text == "-";
            value = new UnaryExpression(line, ParseUnary(withFilters: false), negative ? Arithmetic.Negate : Arithmetic.Plus);
            LeaveNesting();
        }
        else
        {
            value = ParsePrimary();
        }

        value = ParsePostfix(value);
        return withFilters ? ParseFiltersAndTests(value) : value;
    }

    private Expression ParseFiltersAndTests(Expression value)
    {
        while (true)
        {
            if (Current.IsOperator("|"))
            {
                value = ParseFilters(value);
            }
            else if (Current.IsName("is"))
            {
                value = ParseTest(value);
            }
            else if (Current.IsOperator("("))
            {
                value = new CallExpression(Next().Line, value, ParseArguments());
            }
            else
            {
                return value;
            }
        }
    }

    private TestExpression ParseTest(Expression value)
    {
        int line = Next().Line;
        bool negated = TryName("not");
        string name = ParseDottedName();
        var arguments = ArgumentExpressions.None;
        if (TryOperator("("))
        {
            arguments = ParseArguments();
        }
        else if (Current.IsName("is"))
        {
            throw Error("tests cannot be chained with 'is'");
        }
        else if (Current.Kind is TokenKind.Text or TokenKind.Integer or TokenKind.Float
            || Current.IsOperator("[") || Current.IsOperator("{")
            || (Current.Kind == TokenKind.Name && !s_afterTest.Contains(Current.Text)))
        {
            arguments = new ArgumentExpressions([ParsePostfix(ParsePrimary())], []);
        }

        return new TestExpression(line, value, name, arguments, negated);
    }

    private Expression ParsePostfix(Expression value)
    {
        while (true)
        {
            int line = Current.Line;
            if (TryOperator("."))
            {
                value = Current.Kind == TokenKind.Integer
                    ? new ItemExpression(line, value, ParsePrimary())
                    : new AttributeExpression(line, value, Expect(TokenKind.Name).Text);
            }
            else if (TryOperator("["))
            {
                value = ParseSubscript(line, value);
            }
            else if (TryOperator("("))
            {
                value = new CallExpression(line, value, ParseArguments());
            }
            else
            {
                return value;
            }
        }
    }

    private Expression ParseSubscript(int line, Expression target)
    {
        Span<Expression?> bounds = [null, null, null];
        int colons = 0;
        var more = new List<Expression>();
        while (!TryOperator("]"))
        {
            if (colons < 2 && more.Count == 0 && TryOperator(":"))
            {
                colons++;
            }
            else if (bounds[colons] is null)
            {
                bounds[colons] = ParseExpression();
            }
            else if (colons == 0 && TryOperator(","))
            {
                more.Add(ParseExpression());
            }
            else
            {
                throw Error($"expected ']', got {Current}");
            }
        }

        if (colons > 0)
        {
            return new SliceExpression(line, target, bounds[0], bounds[1], bounds[2]);
        }

        var index = bounds[0] ?? throw Error("expected a subscript expression");
        return new ItemExpression(line, target, more.Count == 0 ? index : new TupleExpression(line, [index, .. more]));
    }

    // After the opening parenthesis.
    private ArgumentExpressions ParseArguments()
    {
        var positional = new List<Expression>();
        var named = new List<KeyValuePair<string, Expression>>();
        Expression? spread = null, namedSpread = null;
        while (!TryOperator(")"))
        {
            if (positional.Count + named.Count > 0 || spread is not null || namedSpread is not null)
            {
                ExpectOperator(",");
                if (TryOperator(")"))
                {
                    break;
                }
            }

            if (namedSpread is null && TryOperator("**"))
            {
                namedSpread = ParseExpression();
            }
            else if (spread is null && namedSpread is null && TryOperator("*"))
            {
                spread = ParseExpression();
            }
            else if (namedSpread is null && Current.Kind == TokenKind.Name && Following.IsOperator("="))
            {
                string name = Next().Text;
                Next();
                named.Add(new(name, ParseExpression()));
            }
            else if (named.Count > 0 || spread is not null || namedSpread is not null)
            {
                throw Error("invalid syntax for function call expression");
            }
            else
            {
                positional.Add(ParseExpression());
            }
        }

        return new ArgumentExpressions([.. positional], [.. named], spread, namedSpread);
    }

    private Expression ParsePrimary()
    {
        var token = Next();
        switch (token.Kind)
        {
            case TokenKind.Name:
                return ParseName(token);
            case TokenKind.Text:
                return new ConstantExpression(token.Line, new TextValue(JoinAdjacentTexts(token.Text)));
            case TokenKind.Integer:
                return new ConstantExpression(token.Line, IntegerLiteral.Parse(token));
            case TokenKind.Float:
                return new ConstantExpression(token.Line,
                    new FloatValue(double.Parse(token.Text, NumberStyles.Float, CultureInfo.InvariantCulture)));
            case TokenKind.Operator when token.Text == "(":
                return ParseParenthesis(token.Line);
            case TokenKind.Operator when token.Text == "[":
                return new ListExpression(token.Line, ParseItems("]", isDict: false));
            case TokenKind.Operator when token.Text == "{":
                return new DictExpression(token.Line, ParseItems("}", isDict: true));
            default:
                throw new TemplateSyntaxException($"unexpected {token}", token.Line);
        }
    }

    private string JoinAdjacentTexts(string first)
    {
        if (Current.Kind != TokenKind.Text)
        {
            return first;
        }

        var builder = new System.Text.StringBuilder(first);
        while (Current.Kind == TokenKind.Text)
        {
            builder.Append(Next().Text);
        }

        return builder.ToString();
    }

    private Expression ParseName(Token token)
    {
        switch (token.Text)
        {
            case "true" or "True":
                return new ConstantExpression(token.Line, BoolValue.True);
            case "false" or "False":
                return new ConstantExpression(token.Line, BoolValue.False);
            case "none" or "None":
                return new ConstantExpression(token.Line, NoneValue.Instance);
            default:
                if (s_keywords.Contains(token.Text))
                {
                    throw new TemplateSyntaxException($"unexpected '{token.Text}'", token.Line);
                }

                NameUsed(token.Text);
                return new NameExpression(token.Line, token.Text);
        }
    }

    private Expression ParseParenthesis(int line)
    {
        EnterNesting();
        var value = Current.IsOperator(")") ? new TupleExpression(line, []) : ParseTuple();
        ExpectOperator(")");
        LeaveNesting();
        return value;
    }

    // Elements of a list, or keys and values of a dict, up to the closing sign; a trailing comma is fine.
    private Expression[] ParseItems(string close, bool isDict)
    {
        var items = new List<Expression>();
        while (!TryOperator(close))
        {
            items.Add(ParseExpression());
            if (isDict)
            {
                ExpectOperator(":");
                items.Add(ParseExpression());
            }

            if (!TryOperator(","))
            {
                ExpectOperator(close);
                break;
            }
        }

        return [.. items];
    }
}
