using LayerStream.Templates.Runtime;

namespace LayerStream.Templates.Syntax;

/// <summary>A body in a scope of its own: <c>generation</c>, <c>with</c> (after its assignments) and <c>autoescape false</c>.</summary>
internal sealed class ScopedStatement(int line, List<(Target Target, Expression Value)> assignments, Statement[] body) : Statement(line)
{
    protected override Flow Run(RenderState state)
    {
        var outer = state.Scope;
        var values = assignments.ConvertAll(x => x.Value.Evaluate(state));
        state.Scope = new Scope(outer);
        for (int i = 0; i < values.Count; i++)
        {
            assignments[i].Target.Assign(state, values[i]);
        }

        var flow = ExecuteAll(state, body);
        state.Scope = outer;
        return flow;
    }
}

/// <summary><c>block name … endblock</c>: without inheritance its body in place; it sees the top level only, unless scoped.</summary>
internal sealed class InPlaceStatement(int line, Statement[] body, bool isScoped) : Statement(line)
{
    protected override Flow Run(RenderState state)
    {
        var outer = state.Scope;
        state.Scope = new Scope(isScoped ? outer : state.Globals);
        ExecuteAll(state, body);
        state.Scope = outer;
        return Flow.Next;
    }
}

/// <summary><c>do expression</c>: evaluated for its effect.</summary>
internal sealed class DoStatement(int line, Expression expression) : Statement(line)
{
    protected override Flow Run(RenderState state)
    {
        expression.Evaluate(state);
        return Flow.Next;
    }
}

/// <summary><c>call(parameters) macro(arguments) … endcall</c>: prints the call, which gets the body as <c>caller</c>.</summary>
internal sealed class CallStatement(int line, CallExpression call, MacroStatement caller) : Statement(line)
{
    protected override Flow Run(RenderState state)
    {
        var body = new MacroValue(caller, state.Scope);
        state.Write(ValueText.Of(state, call.Invoke(state, body)));
        return Flow.Next;
    }
}
