using LayerStream.Templates.Values;

namespace LayerStream.Templates.Syntax;

internal delegate Value BinaryOperator(RenderState state, Value left, Value right);

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

internal delegate bool Comparison(RenderState state, Value left, Value right);

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

/// <summary>Operator signs with precedence and meaning; a row each.</summary>
internal static class OperatorTable
{
    public const int Or = 1, And = 2, Not = 3, Compare = 4, Add = 5, Concat = 6, Multiply = 7, Power = 8;

    public static readonly Dictionary<string, (int Precedence, BinaryOperator Apply)> Binary = new(StringComparer.Ordinal)
    {
        ["+"] = (Add, Arithmetic.Add),
        ["-"] = (Add, Arithmetic.Subtract),
        ["~"] = (Concat, (s, a, b) => s.Text(ValueText.Str(s, a) + ValueText.Str(s, b))),
        ["*"] = (Multiply, Arithmetic.Multiply),
        ["/"] = (Multiply, Arithmetic.Divide),
        ["//"] = (Multiply, Arithmetic.FloorDivide),
        ["%"] = (Multiply, Arithmetic.Modulo),
        ["**"] = (Power, Arithmetic.Power),
    };

    public static readonly Dictionary<string, Comparison> Comparisons = new(StringComparer.Ordinal)
    {
        ["=="] = (s, a, b) => ValueOrder.AreEqual(s, a, b),
        ["!="] = (s, a, b) => !ValueOrder.AreEqual(s, a, b),
        ["<"] = (s, a, b) => ValueOrder.Compare(s, a, b, "<") < 0,
        ["<="] = (s, a, b) => ValueOrder.Compare(s, a, b, "<=") <= 0,
        [">"] = (s, a, b) => ValueOrder.Compare(s, a, b, ">") is 1,
        [">="] = (s, a, b) => ValueOrder.Compare(s, a, b, ">=") is 0 or 1,
        ["in"] = (s, a, b) => Sequences.Contains(s, b, a),
        ["not in"] = (s, a, b) => !Sequences.Contains(s, b, a),
    };
}
