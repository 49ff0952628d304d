using LayerStream.Templates.Builtins;
using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Syntax;

/// <summary>How execution goes on after a statement.</summary>
internal enum Flow
{
    Next,
    Break,
    Continue,
}

/// <summary>A node of the syntax tree that is executed for its effect.</summary>
internal abstract class Statement(int line)
{
    public int Line => line;

    public Flow Execute(RenderState state)
    {
        state.Line = line;
        state.Enter();
        var flow = Run(state);
        state.Leave();
        return flow;
    }

    /// <summary>Executes statements in order until one breaks the flow.</summary>
    public static Flow ExecuteAll(RenderState state, Statement[] statements)
    {
        foreach (var statement in statements)
        {
            var flow = statement.Execute(state);
            if (flow != Flow.Next)
            {
                return flow;
            }
        }

        return Flow.Next;
    }

    protected abstract Flow Run(RenderState state);
}

internal sealed class DataStatement(int line, string text) : Statement(line)
{
    private readonly TextValue _text = new(text);

    protected override Flow Run(RenderState state)
    {
        state.Write(_text);
        return Flow.Next;
    }
}

internal sealed class PrintStatement(int line, Expression value) : Statement(line)
{
    protected override Flow Run(RenderState state)
    {
        state.Write(ValueText.Of(state, value.Evaluate(state)));
        return Flow.Next;
    }
}

internal sealed class IfStatement(int line, List<(Expression Condition, Statement[] Body)> branches, Statement[] otherwise)
    : Statement(line)
{
    protected override Flow Run(RenderState state)
    {
        foreach (var (condition, body) in branches)
        {
            if (condition.Evaluate(state).IsTrue)
            {
                return ExecuteAll(state, body);
            }
        }

        return ExecuteAll(state, otherwise);
    }
}

internal sealed class FlowStatement(int line, Flow flow) : Statement(line)
{
    protected override Flow Run(RenderState state) => flow;
}

internal sealed class ForStatement(
    int line, Target target, Expression items, Expression? filter, Statement[] body, Statement[] otherwise, bool isRecursive)
    : Statement(line)
{
    protected override Flow Run(RenderState state)
    {
        Walk(state, state.Scope, items.Evaluate(state), depth: 1);
        return Flow.Next;
    }

    private void Walk(RenderState state, Scope outer, Value items, int depth)
    {
        var values = Sequences.Iterate(state, items);
        values = filter is null ? values : [.. values.Where(x => Passes(state, outer, x))];
        Func<RenderState, Value, Value>? again = isRecursive ? (inner, more) => Again(inner, outer, more, depth + 1) : null;
        var loop = new LoopValue(values, depth, again);
        bool isThrough = false; // as the reference: else follows unless an iteration ran to its end
        foreach (var value in values)
        {
            state.Scope = new Scope(outer);
            target.Assign(state, value);
            state.Scope.Set("loop", loop);
            var flow = ExecuteAll(state, body);
            state.Charge(1);
            isThrough |= flow == Flow.Next;
            if (flow == Flow.Break)
            {
                break;
            }

            loop.Index++;
        }

        if (!isThrough)
        {
            state.Scope = new Scope(outer);
            ExecuteAll(state, otherwise);
        }

        state.Scope = outer;
    }

    // loop(items) inside the body: the text of the same loop over other items, one level deeper.
    private TextValue Again(RenderState state, Scope outer, Value items, int depth)
    {
        var caller = state.Scope;
        int callerLine = state.Line;
        state.EnterMacro();
        state.BeginCapture();
        Walk(state, outer, items, depth);
        var text = state.EndCapture();
        state.Scope = caller;
        state.Line = callerLine;
        state.LeaveMacro();
        return text;
    }

    private bool Passes(RenderState state, Scope outer, Value value)
    {
        state.Scope = new Scope(outer);
        target.Assign(state, value);
        return filter!.Evaluate(state).IsTrue;
    }
}

internal sealed class SetStatement(int line, Target target, Expression value) : Statement(line)
{
    protected override Flow Run(RenderState state)
    {
        target.Assign(state, value.Evaluate(state));
        return Flow.Next;
    }
}

/// <summary>
/// Executes its body in a scope of its own with the output captured, then hands the text to what follows:
/// <c>set x … endset</c> (target), <c>filter f … endfilter</c> (printed).
/// </summary>
internal sealed class CaptureStatement(int line, Statement[] body, CapturedText captured, Expression result, Target? target)
    : Statement(line)
{
    protected override Flow Run(RenderState state)
    {
        var outer = state.Scope;
        state.Scope = new Scope(outer);
        state.BeginCapture();
        ExecuteAll(state, body);
        captured.Set(state, state.EndCapture());
        var value = result.Evaluate(state);
        state.Scope = outer;
        if (target is null)
        {
            state.Write(ValueText.Of(state, value));
        }
        else
        {
            target.Assign(state, value);
        }

        return Flow.Next;
    }
}

/// <summary>The text of a captured block, as input of its filters. Its name cannot be written in a template.</summary>
internal sealed class CapturedText(int line) : Expression(line)
{
    private const string Name = "captured text";

    public void Set(RenderState state, TextValue text) => state.Scope.Set(Name, text);

    protected override Value Compute(RenderState state) => state.Scope.Find(Name) ?? TextValue.Empty;
}
