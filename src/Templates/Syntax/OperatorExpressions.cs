using LayerStream.Templates.Builtins;
using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Syntax;

internal sealed class BinaryExpression(int line, Expression left, Expression right, BinaryOperator apply) : Expression(line, left, right)
{
    protected override Value Compute(RenderState state)
    {
        var first = left.Evaluate(state);
        return apply(state, first, right.Evaluate(state));
    }
}

internal sealed class UnaryExpression(int line, Expression operand, Func<RenderState, Value, Value> apply) : Expression(line, operand)
{
    protected override Value Compute(RenderState state) => apply(state, operand.Evaluate(state));
}

/// <summary><c>and</c> / <c>or</c>: the deciding operand itself, the second evaluated only when needed.</summary>
internal sealed class LogicExpression(int line, Expression left, Expression right, bool isOr) : Expression(line, left, right)
{
    protected override Value Compute(RenderState state)
    {
        var first = left.Evaluate(state);
        return first.IsTrue == isOr ? first : right.Evaluate(state);
    }
}

/// <summary>A chain <c>a &lt; b &lt;= c</c>: true when every link holds.</summary>
internal sealed class ComparisonExpression(int line, Expression first, List<(Comparison Holds, Expression Operand)> links)
    : Expression(line, [first, .. links.Select(x => x.Operand)])
{
    protected override Value Compute(RenderState state)
    {
        var left = first.Evaluate(state);
        foreach (var (holds, operand) in links)
        {
            var right = operand.Evaluate(state);
            if (!holds(state, left, right))
            {
                return BoolValue.False;
            }

            left = right;
        }

        return BoolValue.True;
    }
}
