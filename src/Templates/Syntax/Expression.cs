using LayerStream.Templates.Builtins;
using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Syntax;

/// <summary>A node of the syntax tree that has a value. Its height is limited when it is built.</summary>
internal abstract class Expression
{
    protected Expression(int line, params ReadOnlySpan<Expression?> children)
    {
        Line = line;
        foreach (var child in children)
        {
            Height = Math.Max(Height, (child?.Height ?? 0) + 1);
        }

        if (Height > TemplateLimits.SyntaxDepth)
        {
            throw new TemplateSyntaxException("expression is nested too deeply", line);
        }
    }

    public int Line { get; }

    private int Height { get; }

    public Value Evaluate(RenderState state)
    {
        state.Enter();
        var value = Compute(state);
        state.Leave();
        return value;
    }

    protected abstract Value Compute(RenderState state);
}

internal sealed class ConstantExpression(int line, Value value) : Expression(line)
{
    public Value Constant => value;

    protected override Value Compute(RenderState state) => value;
}

internal sealed class NameExpression(int line, string name) : Expression(line)
{
    private readonly UndefinedValue _undefined = new($"'{name}'");

    public string Name => name;

    protected override Value Compute(RenderState state) => state.Scope.Find(name) ?? FunctionTable.Find(name) ?? _undefined;
}

internal sealed class ListExpression(int line, Expression[] items) : Expression(line, items)
{
    protected override Value Compute(RenderState state)
    {
        var values = new List<Value>(items.Length);
        foreach (var item in items)
        {
            values.Add(item.Evaluate(state));
        }

        return new ListValue(values);
    }
}

internal sealed class TupleExpression(int line, Expression[] items) : Expression(line, items)
{
    public Expression[] Items => items;

    protected override Value Compute(RenderState state)
    {
        var values = new Value[items.Length];
        for (int i = 0; i < items.Length; i++)
        {
            values[i] = items[i].Evaluate(state);
        }

        return new TupleValue(values);
    }
}

/// <summary>Keys and values alternate in <paramref name="parts"/>.</summary>
internal sealed class DictExpression(int line, Expression[] parts) : Expression(line, parts)
{
    protected override Value Compute(RenderState state)
    {
        var dict = new DictValue();
        for (int i = 0; i < parts.Length; i += 2)
        {
            var key = Sequences.RequireKey(state, parts[i].Evaluate(state));
            dict.Items[key] = parts[i + 1].Evaluate(state);
        }

        return dict;
    }
}

internal sealed class ConditionalExpression(int line, Expression condition, Expression whenTrue, Expression? whenFalse)
    : Expression(line, condition, whenTrue, whenFalse)
{
    protected override Value Compute(RenderState state)
    {
        if (condition.Evaluate(state).IsTrue)
        {
            return whenTrue.Evaluate(state);
        }

        return whenFalse?.Evaluate(state) ?? new UndefinedValue("the inline if-expression without else");
    }
}

internal sealed class AttributeExpression(int line, Expression target, string name) : Expression(line, target)
{
    protected override Value Compute(RenderState state) => Attributes.Get(state, target.Evaluate(state), name);
}

internal sealed class ItemExpression(int line, Expression target, Expression index) : Expression(line, target, index)
{
    protected override Value Compute(RenderState state)
    {
        var value = target.Evaluate(state);
        return Attributes.GetItem(state, value, index.Evaluate(state));
    }
}

internal sealed class SliceExpression(int line, Expression target, Expression? start, Expression? stop, Expression? step)
    : Expression(line, target, start, stop, step)
{
    protected override Value Compute(RenderState state) =>
        Sequences.Slice(state, target.Evaluate(state), start?.Evaluate(state), stop?.Evaluate(state), step?.Evaluate(state));
}

/// <summary>Values passed to a call, as written.</summary>
internal sealed class ArgumentExpressions(
    Expression[] positional, KeyValuePair<string, Expression>[] named, Expression? spread = null, Expression? namedSpread = null)
{
    public static readonly ArgumentExpressions None = new([], []);

    public Expression?[] All => [.. positional, .. named.Select(x => x.Value), spread, namedSpread];

    public Arguments Evaluate(RenderState state)
    {
        var values = new List<Value>(positional.Length);
        foreach (var expression in positional)
        {
            values.Add(expression.Evaluate(state));
        }

        if (spread is not null)
        {
            values.AddRange(Sequences.Iterate(state, spread.Evaluate(state)));
        }

        if (named.Length == 0 && namedSpread is null)
        {
            return new Arguments(values);
        }

        var byName = new Dictionary<string, Value>(StringComparer.Ordinal);
        foreach (var (name, expression) in named)
        {
            if (!byName.TryAdd(name, expression.Evaluate(state)))
            {
                throw state.Error($"keyword argument repeated: {name}");
            }
        }

        if (namedSpread is not null)
        {
            AddSpread(state, namedSpread.Evaluate(state), byName);
        }

        return new Arguments(values, byName);
    }

    private static void AddSpread(RenderState state, Value source, Dictionary<string, Value> byName)
    {
        if (source is not DictValue dict)
        {
            throw state.Error($"argument after ** must be a mapping, not {source.TypeName}");
        }

        foreach (var (key, value) in dict.Items)
        {
            if (key is not TextValue name || !byName.TryAdd(name.Text, value))
            {
                throw state.Error("keywords must be texts, each given once");
            }
        }
    }
}

internal sealed class CallExpression(int line, Expression target, ArgumentExpressions arguments)
    : Expression(line, [target, .. arguments.All])
{
    protected override Value Compute(RenderState state)
    {
        var callee = target.Evaluate(state);
        return Callable(state, callee).Call(state, arguments.Evaluate(state));
    }

    /// <summary>The call of a call block, whose body is handed over as <c>caller</c>.</summary>
    public Value Invoke(RenderState state, Value caller)
    {
        var callee = Callable(state, target.Evaluate(state));
        var given = arguments.Evaluate(state);
        var named = new Dictionary<string, Value>(given.Named, StringComparer.Ordinal) { ["caller"] = caller };
        return callee.Call(state, new Arguments(given.Positional, named));
    }

    private static CallableValue Callable(RenderState state, Value callee) => callee switch
    {
        CallableValue callable => callable,
        UndefinedValue undefined => throw state.UndefinedError(undefined),
        _ => throw state.Error($"'{callee.TypeName}' object is not callable"),
    };
}

/// <summary><c>input|name(arguments)</c>; a null input is the text of a filter block. An unknown name fails when executed.</summary>
internal sealed class FilterExpression(int line, Expression input, string name, ArgumentExpressions arguments)
    : Expression(line, [input, .. arguments.All])
{
    private readonly Builtin? _filter = FilterTable.Find(name);

    protected override Value Compute(RenderState state)
    {
        var filter = _filter ?? throw state.Error($"no filter named '{name}'");
        return filter.Invoke(state, input.Evaluate(state), arguments.Evaluate(state));
    }
}

internal sealed class TestExpression(int line, Expression input, string name, ArgumentExpressions arguments, bool negated)
    : Expression(line, [input, .. arguments.All])
{
    private readonly Builtin? _test = TestTable.Find(name);

    protected override Value Compute(RenderState state)
    {
        var test = _test ?? throw state.Error($"no test named '{name}'");
        return BoolValue.Of(test.Invoke(state, input.Evaluate(state), arguments.Evaluate(state)).IsTrue != negated);
    }
}
