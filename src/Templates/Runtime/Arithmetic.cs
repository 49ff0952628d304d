using System.Numerics;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Runtime;

/// <summary>Python's arithmetic on numbers, texts and lists. Division floors; true division gives a float.</summary>
internal static class Arithmetic
{
    public static Value Add(RenderState state, Value a, Value b)
    {
        switch (a, b)
        {
            case (TextValue x, TextValue y):
                state.ChargeText((long)x.Text.Length + y.Text.Length);
                return Joined(x, y);
            case (ListValue x, ListValue y):
                state.Charge(x.Items.Count + y.Items.Count);
                return new ListValue([.. x.Items, .. y.Items]);
            case (TupleValue x, TupleValue y):
                state.Charge(x.Items.Length + y.Items.Length);
                return new TupleValue([.. x.Items, .. y.Items]);
            default:
                return Numeric(state, "+", a, b, (x, y) => x + y, (x, y) => x + y);
        }
    }

    /// <summary><c>a ~ b</c>: the printed forms joined.</summary>
    public static Value Concatenate(RenderState state, Value a, Value b)
    {
        TextValue x = ValueText.Of(state, a), y = ValueText.Of(state, b);
        state.ChargeText((long)x.Text.Length + y.Text.Length);
        return Joined(x, y);
    }

    public static Value Subtract(RenderState state, Value a, Value b) => Numeric(state, "-", a, b, (x, y) => x - y, (x, y) => x - y);

    public static Value Multiply(RenderState state, Value a, Value b)
    {
        if (a is TextValue or ListValue or TupleValue && Numbers.TryInteger(b, out var count))
        {
            return Repeat(state, a, count);
        }

        if (b is TextValue or ListValue or TupleValue && Numbers.TryInteger(a, out count))
        {
            return Repeat(state, b, count);
        }

        return Numeric(state, "*", a, b, (x, y) => x * y, (x, y) => x * y);
    }

    public static Value Divide(RenderState state, Value a, Value b)
    {
        var (x, y) = Floats(state, "/", a, b);
        return y == 0 ? throw state.Error("division by zero") : new FloatValue(x / y);
    }

    public static Value FloorDivide(RenderState state, Value a, Value b)
    {
        RequireNonZero(state, "//", a, b);
        return Numeric(state, "//", a, b, FloorDivide, FloorDivide);
    }

    public static Value Modulo(RenderState state, Value a, Value b)
    {
        if (a is TextValue format)
        {
            return state.Text(PrintfFormat.Format(state, format, b));
        }

        RequireNonZero(state, "%", a, b);
        return Numeric(state, "%", a, b, (x, y) => x - (FloorDivide(x, y) * y), Modulo);
    }

    public static Value Power(RenderState state, Value a, Value b)
    {
        if (Numbers.TryInteger(a, out var x) && Numbers.TryInteger(b, out var y) && y.Sign >= 0)
        {
            if (BigInteger.Abs(x) <= 1)
            {
                return new IntValue(y.IsZero || (x.Sign < 0 && y.IsEven) ? BigInteger.One : x);
            }

            return y <= TemplateLimits.IntegerBits && x.GetBitLength() * (long)y <= TemplateLimits.IntegerBits
                ? Checked(state, BigInteger.Pow(x, (int)y))
                : throw state.Error("integer is too large");
        }

        var (p, q) = Floats(state, "**", a, b);
        return p == 0 && q < 0 ? throw state.Error("0.0 cannot be raised to a negative power")
            : p < 0 && !double.IsInteger(q) ? throw state.Error("a negative number has no such power")
            : new FloatValue(Math.Pow(p, q));
    }

    public static Value Negate(RenderState state, Value a) => a switch
    {
        FloatValue f => new FloatValue(-f.Number),
        _ when Numbers.TryInteger(a, out var number) => new IntValue(-number),
        _ => throw Unsupported(state, "unary -", a, null),
    };

    public static Value Plus(RenderState state, Value a) => a switch
    {
        FloatValue => a,
        _ when Numbers.TryInteger(a, out var number) => new IntValue(number),
        _ => throw Unsupported(state, "unary +", a, null),
    };

    public static BigInteger FloorDivide(BigInteger a, BigInteger b)
    {
        var quotient = BigInteger.DivRem(a, b, out var remainder);
        return !remainder.IsZero && remainder.Sign != b.Sign ? quotient - 1 : quotient;
    }

    // By the exact remainder, as Python: 1.0 // 0.1 is 9.0 because 0.1 is a little more than a tenth.
    private static double FloorDivide(double a, double b)
    {
        double quotient = (a - Modulo(a, b)) / b;
        return quotient == 0 ? Math.CopySign(0, a / b) : Math.Floor(quotient) + (quotient - Math.Floor(quotient) > 0.5 ? 1 : 0);
    }

    private static double Modulo(double a, double b)
    {
        double remainder = a % b;
        return remainder == 0 ? Math.CopySign(0, b) : remainder < 0 == b < 0 ? remainder : remainder + b;
    }

    private static Value Numeric(
        RenderState state, string sign, Value a, Value b, Func<BigInteger, BigInteger, BigInteger> whole, Func<double, double, double> real)
    {
        if (Numbers.TryInteger(a, out var x) && Numbers.TryInteger(b, out var y))
        {
            return Checked(state, whole(x, y));
        }

        var (p, q) = Floats(state, sign, a, b);
        return new FloatValue(real(p, q));
    }

    private static (double A, double B) Floats(RenderState state, string sign, Value a, Value b) =>
        Numbers.TryFloat(a, out double x) && Numbers.TryFloat(b, out double y) ? (x, y) : throw Unsupported(state, sign, a, b);

    private static void RequireNonZero(RenderState state, string sign, Value a, Value b)
    {
        if (Numbers.TryFloat(a, out _) && Numbers.TryFloat(b, out double y) && y == 0)
        {
            throw state.Error($"division by zero ({sign})");
        }
    }

    private static IntValue Checked(RenderState state, BigInteger number) =>
        number.GetBitLength() <= TemplateLimits.IntegerBits ? new IntValue(number) : throw state.Error("integer is too large");

    private static Value Repeat(RenderState state, Value value, BigInteger count)
    {
        int times = (int)BigInteger.Min(BigInteger.Max(count, 0), int.MaxValue);
        if (value is TextValue text)
        {
            state.ChargeText((long)text.Text.Length * times);
            return text.Text.Length == 0 ? text : Repeated(text, times);
        }

        var items = Sequences.Items(value);
        state.Charge((long)items.Count * times);
        if (items.Count == 0)
        {
            times = 0;
        }

        var repeated = new List<Value>(items.Count * times);
        for (int i = 0; i < times; i++)
        {
            repeated.AddRange(items);
        }

        return value is TupleValue ? new TupleValue([.. repeated]) : new ListValue(repeated);
    }

    private static TextValue Joined(TextValue a, TextValue b) => a.Spans is null && b.Spans is null
        ? new TextValue(a.Text + b.Text)
        : new TextBuilder().Append(a).Append(b).ToValue();

    private static TextValue Repeated(TextValue text, int times)
    {
        var builder = new TextBuilder();
        for (int i = 0; i < times; i++)
        {
            builder.Append(text);
        }

        return builder.ToValue();
    }

    private static TemplateException Unsupported(RenderState state, string sign, Value a, Value? b)
    {
        if ((a as UndefinedValue ?? b as UndefinedValue) is { } undefined)
        {
            return state.UndefinedError(undefined);
        }

        return state.Error($"unsupported operand type(s) for {sign}: '{a.TypeName}'{(b is null ? "" : $" and '{b.TypeName}'")}");
    }
}
