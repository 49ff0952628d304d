using LayerStream.Templates.Runtime;

namespace LayerStream.Templates.Syntax;

/// <summary>Statements of a template; a row per tag in <see cref="s_tags"/>.</summary>
internal sealed class TemplateParser : ExpressionParser
{
    private static readonly Dictionary<string, Func<TemplateParser, int, Statement>> s_tags = new(StringComparer.Ordinal)
    {
        ["if"] = (p, line) => p.ParseIf(line),
        ["for"] = (p, line) => p.ParseFor(line),
        ["set"] = (p, line) => p.ParseSet(line),
        ["macro"] = (p, line) => p.ParseMacro(line),
        ["filter"] = (p, line) => p.ParseFilterBlock(line),
        ["call"] = (p, line) => p.ParseCallBlock(line),
        ["with"] = (p, line) => p.ParseWith(line),
        ["do"] = (p, line) => p.ParseDo(line),
        ["block"] = (p, line) => p.ParseBlock(line),
        ["autoescape"] = (p, line) => p.ParseAutoescape(line),
        ["generation"] = (p, line) => p.ParseGeneration(line),
        ["break"] = (p, line) => p.ParseFlow(line, Flow.Break),
        ["continue"] = (p, line) => p.ParseFlow(line, Flow.Continue),
    };

    // Loops around the statement being parsed, and names its macro uses.
    private int _loops;
    private HashSet<string> _names = [];

    private TemplateParser(List<Token> tokens)
        : base(tokens)
    {
    }

    public static Statement[] Parse(string source)
    {
        var parser = new TemplateParser(TemplateLexer.Split(source));
        var body = parser.ParseBody();
        return parser.Current.Kind == TokenKind.End ? body : throw parser.Error($"unexpected {parser.Current}");
    }

    protected override void NameUsed(string name) => _names.Add(name);

    // Statements up to one of the given tags, whose name is left as the current token (its "{%" is read).
    private Statement[] ParseBody(params ReadOnlySpan<string> ends)
    {
        EnterNesting();
        var statements = new List<Statement>();
        while (Current.Kind != TokenKind.End)
        {
            var token = Next();
            if (token.Kind == TokenKind.Data)
            {
                statements.Add(new DataStatement(token.Line, token.Text));
            }
            else if (token.Kind == TokenKind.VariableBegin)
            {
                statements.Add(new PrintStatement(token.Line, ParseTuple()));
                Expect(TokenKind.VariableEnd);
            }
            else if (Current.Kind == TokenKind.Name && ends.Contains(Current.Text))
            {
                LeaveNesting();
                return [.. statements];
            }
            else
            {
                statements.Add(ParseTag());
            }
        }

        LeaveNesting();
        return ends.IsEmpty ? [.. statements] : throw Error($"unexpected end of template, '{ends[^1]}' is missing");
    }

    private Statement ParseTag()
    {
        var name = Expect(TokenKind.Name);
        return s_tags.TryGetValue(name.Text, out var parse)
            ? parse(this, name.Line)
            : throw new TemplateSyntaxException($"tag '{name.Text}' is not supported here", name.Line);
    }

    // End of a tag that opens a body; Jinja lets a colon stand before it.
    private void ExpectBodyStart()
    {
        TryOperator(":");
        Expect(TokenKind.BlockEnd);
    }

    private void EndTag(string name)
    {
        if (!TryName(name))
        {
            throw Error($"expected '{name}', got {Current}");
        }

        Expect(TokenKind.BlockEnd);
    }

    private IfStatement ParseIf(int line)
    {
        var branches = new List<(Expression, Statement[])>();
        do
        {
            var condition = ParseTuple(withCondition: false);
            ExpectBodyStart();
            branches.Add((condition, ParseBody("elif", "else", "endif")));
        }
        while (TryName("elif"));

        Statement[] otherwise = [];
        if (TryName("else"))
        {
            ExpectBodyStart();
            otherwise = ParseBody("endif");
        }

        EndTag("endif");
        return new IfStatement(line, branches, otherwise);
    }

    private ForStatement ParseFor(int line)
    {
        var target = ParseTarget(allowsAttribute: false);
        if (!TryName("in"))
        {
            throw Error($"expected 'in', got {Current}");
        }

        var items = ParseTuple(withCondition: false);
        var filter = TryName("if") ? ParseExpression() : null;
        bool isRecursive = TryName("recursive");
        ExpectBodyStart();
        _loops++;
        var body = ParseBody("else", "endfor");
        _loops--;
        Statement[] otherwise = [];
        if (TryName("else"))
        {
            ExpectBodyStart();
            otherwise = ParseBody("endfor");
        }

        EndTag("endfor");
        return new ForStatement(line, target, items, filter, body, otherwise, isRecursive);
    }

    private Statement ParseSet(int line)
    {
        var target = ParseTarget(allowsAttribute: true);
        if (TryOperator("="))
        {
            var value = ParseTuple();
            Expect(TokenKind.BlockEnd);
            return new SetStatement(line, target, value);
        }

        var captured = new CapturedText(line);
        var result = ParseFilters(captured);
        return ParseCapture(line, captured, result, target, "endset");
    }

    private CaptureStatement ParseFilterBlock(int line)
    {
        var captured = new CapturedText(line);
        return ParseCapture(line, captured, ParseFilters(ParseFilter(captured)), null, "endfilter");
    }

    private CaptureStatement ParseCapture(int line, CapturedText captured, Expression result, Target? target, string end)
    {
        ExpectBodyStart();
        var body = ParseOutsideLoops(end);
        return new CaptureStatement(line, body, captured, result, target);
    }

    private ScopedStatement ParseGeneration(int line)
    {
        ExpectBodyStart();
        return ParseScoped(line, [], "endgeneration");
    }

    private ScopedStatement ParseScoped(int line, List<(Target, Expression)> assignments, string end)
    {
        var body = ParseBody(end);
        EndTag(end);
        return new ScopedStatement(line, assignments, body);
    }

    private ScopedStatement ParseWith(int line)
    {
        var assignments = new List<(Target, Expression)>();
        while (Current.Kind != TokenKind.BlockEnd && !Current.IsOperator(":"))
        {
            if (assignments.Count > 0)
            {
                ExpectOperator(",");
            }

            var target = ParseSingleTarget(allowsAttribute: false);
            ExpectOperator("=");
            assignments.Add((target, ParseExpression()));
        }

        ExpectBodyStart();
        return ParseScoped(line, assignments, "endwith");
    }

    // Nothing is escaped here, so only the switch to off means what it says.
    private ScopedStatement ParseAutoescape(int line)
    {
        if (ParseExpression() is not ConstantExpression { Constant.IsTrue: false })
        {
            throw new TemplateSyntaxException("'autoescape' is only supported with false: prompts are never escaped", line);
        }

        ExpectBodyStart();
        return ParseScoped(line, [], "endautoescape");
    }

    private InPlaceStatement ParseBlock(int line)
    {
        string name = Expect(TokenKind.Name).Text;
        bool isScoped = TryName("scoped");
        if (Current.IsName("required"))
        {
            throw Error($"the required block '{name}' needs another template, and files are not read");
        }

        ExpectBodyStart();
        int loops = _loops;
        _loops = 0;
        var body = ParseBody("endblock");
        Expect(TokenKind.Name);
        TryName(name);
        Expect(TokenKind.BlockEnd);
        _loops = loops;
        return new InPlaceStatement(line, body, isScoped);
    }

    private DoStatement ParseDo(int line)
    {
        var expression = ParseTuple();
        Expect(TokenKind.BlockEnd);
        return new DoStatement(line, expression);
    }

    private CallStatement ParseCallBlock(int line)
    {
        var parameters = TryOperator("(") ? ParseParameters() : [];
        if (ParseExpression() is not CallExpression call)
        {
            throw new TemplateSyntaxException("'call' must be followed by the call of a macro", line);
        }

        ExpectBodyStart();
        return new CallStatement(line, call, ParseMacroBody(line, "caller", parameters, "endcall"));
    }

    private Statement[] ParseOutsideLoops(string end)
    {
        int loops = _loops;
        _loops = 0;
        var body = ParseBody(end);
        EndTag(end);
        _loops = loops;
        return body;
    }

    private FlowStatement ParseFlow(int line, Flow flow)
    {
        Expect(TokenKind.BlockEnd);
        return _loops > 0 ? new FlowStatement(line, flow) : throw new TemplateSyntaxException($"'{flow}' outside of a loop", line);
    }

    private MacroStatement ParseMacro(int line)
    {
        string name = Expect(TokenKind.Name).Text;
        ExpectOperator("(");
        var parameters = ParseParameters();
        ExpectBodyStart();
        return ParseMacroBody(line, name, parameters, "endmacro");
    }

    private MacroStatement ParseMacroBody(int line, string name, List<(string, Expression?)> parameters, string end)
    {
        var outerNames = _names;
        _names = [];
        var body = ParseOutsideLoops(end);
        var extras = (_names.Contains("varargs") ? MacroExtras.Varargs : 0) | (_names.Contains("kwargs") ? MacroExtras.Kwargs : 0)
            | (_names.Contains("caller") ? MacroExtras.Caller : 0);
        outerNames.UnionWith(_names);
        _names = outerNames;
        return new MacroStatement(line, name, parameters, body, extras);
    }

    // After the opening parenthesis.
    private List<(string Name, Expression? Default)> ParseParameters()
    {
        var parameters = new List<(string, Expression?)>();
        while (!TryOperator(")"))
        {
            if (parameters.Count > 0)
            {
                ExpectOperator(",");
            }

            string parameter = Expect(TokenKind.Name).Text;
            bool hasDefault = TryOperator("=");
            if (!hasDefault && parameters.Count > 0 && parameters[^1].Item2 is not null)
            {
                throw Error("non-default argument follows default argument");
            }

            parameters.Add((parameter, hasDefault ? ParseExpression() : null));
        }

        return parameters;
    }

    private Target ParseTarget(bool allowsAttribute)
    {
        var targets = new List<Target>();
        bool isTuple = false;
        do
        {
            if (targets.Count > 0 && Current.Kind is not TokenKind.Name && !Current.IsOperator("("))
            {
                break;
            }

            targets.Add(ParseSingleTarget(allowsAttribute));
            isTuple |= Current.IsOperator(",");
        }
        while (TryOperator(",") && !Current.IsName("in"));
        return isTuple ? new TupleTarget([.. targets]) : targets[0];
    }

    private Target ParseSingleTarget(bool allowsAttribute)
    {
        if (TryOperator("("))
        {
            EnterNesting();
            var inner = ParseTarget(allowsAttribute);
            ExpectOperator(")");
            LeaveNesting();
            return inner;
        }

        string name = Expect(TokenKind.Name).Text;
        if (name is "true" or "false" or "none" or "True" or "False" or "None" or "not" or "in" or "is" or "and" or "or" or "if" or "else")
        {
            throw Error($"cannot assign to '{name}'");
        }

        return allowsAttribute && TryOperator(".") ? new AttributeTarget(name, Expect(TokenKind.Name).Text) : new NameTarget(name);
    }
}
