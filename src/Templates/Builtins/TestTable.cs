using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Builtins;

/// <summary>All tests (<c>x is name</c>) by name.</summary>
internal static class TestTable
{
    private static readonly Dictionary<string, Builtin> s_table = Builtin.Table(
        Row("defined", c => c.Self is not UndefinedValue),
        Row("undefined", c => c.Self is UndefinedValue),
        Row("none", c => c.Self is NoneValue),
        Row("string", c => c.Self is TextValue),
        Row("mapping", c => c.Self is DictValue),
        Row("iterable", c => c.Self is TextValue or ListValue or TupleValue or DictValue or UndefinedValue or LoopValue),
        Row("sequence", c => c.Self is TextValue or ListValue or TupleValue or DictValue or UndefinedValue),
        Row("boolean", c => c.Self is BoolValue),
        Row("true", c => c.Self == BoolValue.True),
        Row("false", c => c.Self == BoolValue.False),
        Row("number", c => c.Self is IntValue or FloatValue or BoolValue),
        Row("integer", c => c.Self is IntValue),
        Row("float", c => c.Self is FloatValue),
        Row("callable", c => c.Self is CallableValue or UndefinedValue),
        Row("lower", c => IsCased(c.SelfText, TextCase.Lower)),
        Row("upper", c => IsCased(c.SelfText, TextCase.Upper)),
        Row("odd", c => Remainder(c, new IntValue(2)) is IntValue { Number.IsOne: true }),
        Row("even", c => !Remainder(c, new IntValue(2)).IsTrue),
        Row("divisibleby", "num", c => !Remainder(c, c[0]!).IsTrue),
        Row("sameas", "other", c => c.Self.IsSameAs(c[0]!)),
        Row("filter", c => FilterTable.Find(c.SelfText) is not null),
        Row("test", c => Find(c.SelfText) is not null),
        Row("in", "seq", c => Sequences.Contains(c.State, c[0]!, c.Self)),
        Compare("eq", "=="), Compare("equalto", "=="), Compare("==", "=="),
        Compare("ne", "!="), Compare("!=", "!="),
        Compare("lt", "<"), Compare("lessthan", "<"), Compare("<", "<"),
        Compare("le", "<="), Compare("<=", "<="),
        Compare("gt", ">"), Compare("greaterthan", ">"), Compare(">", ">"),
        Compare("ge", ">="), Compare(">=", ">="));

    public static Builtin? Find(string name) => s_table.GetValueOrDefault(name);

    private static Builtin Row(string name, Func<Call, bool> holds) => Row(name, "", holds);

    private static Builtin Row(string name, string signature, Func<Call, bool> holds) => new(name, signature, c => BoolValue.Of(holds(c)));

    private static Builtin Compare(string name, string sign)
    {
        var holds = OperatorTable.Comparisons[sign];
        return Row(name, "other", c => holds(c.State, c.Self, c[0]!));
    }

    private static Value Remainder(Call call, Value divisor) =>
        call.Self is TextValue ? throw call.State.Error("a number is required, not str")
            : Arithmetic.Modulo(call.State, call.Self, divisor);

    private static bool IsCased(string text, Func<string, string> map) => text.Any(char.IsLetter) && map(text) == text;
}
