using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Builtins;

internal delegate Value BinaryOperator(RenderState state, Value left, Value right);

internal delegate bool Comparison(RenderState state, Value left, Value right);

/// <summary>Operator signs with precedence and meaning; a row each.</summary>
internal static class OperatorTable
{
    public const int Or = 1, And = 2, Not = 3, Compare = 4, Add = 5, Concat = 6, Multiply = 7, Power = 8;

    public static readonly Dictionary<string, (int Precedence, BinaryOperator Apply)> Binary = new(StringComparer.Ordinal)
    {
        ["+"] = (Add, Arithmetic.Add),
        ["-"] = (Add, Arithmetic.Subtract),
        ["~"] = (Concat, Arithmetic.Concatenate),
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
