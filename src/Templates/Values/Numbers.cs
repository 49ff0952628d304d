using System.Numerics;

namespace LayerStream.Templates.Values;

/// <summary>Python's view of values as numbers (bool counts as 0 or 1), and their order.</summary>
internal static class Numbers
{
    /// <summary>Value of an int or bool.</summary>
    public static bool TryInteger(Value value, out BigInteger number)
    {
        number = value switch
        {
            IntValue i => i.Number,
            BoolValue b => b.Flag ? BigInteger.One : BigInteger.Zero,
            _ => default,
        };
        return value is IntValue or BoolValue;
    }

    /// <summary>Value of any number as a float.</summary>
    public static bool TryFloat(Value value, out double number)
    {
        bool whole = TryInteger(value, out var integer);
        number = value is FloatValue f ? f.Number : (double)integer;
        return whole || value is FloatValue;
    }

    /// <summary>Order of two numbers (bool counts as 0/1). False for other types; NaN compares as unequal (order 2).</summary>
    public static bool TryCompare(Value a, Value b, out int order)
    {
        order = 2;
        if (TryInteger(a, out var x) && TryInteger(b, out var y))
        {
            order = Math.Sign(x.CompareTo(y));
            return true;
        }

        if (a is FloatValue fa && b is FloatValue fb)
        {
            order = Floats(fa.Number, fb.Number);
            return true;
        }

        if (a is FloatValue f && TryInteger(b, out y))
        {
            order = Mixed(f.Number, y);
            return true;
        }

        if (b is FloatValue g && TryInteger(a, out x))
        {
            int mixed = Mixed(g.Number, x);
            order = mixed == 2 ? 2 : -mixed;
            return true;
        }

        return false;
    }

    private static int Floats(double a, double b) => a < b ? -1 : a > b ? 1 : a == b ? 0 : 2;

    private static int Mixed(double a, BigInteger b)
    {
        if (double.IsNaN(a))
        {
            return 2;
        }

        if (double.IsInfinity(a))
        {
            return a > 0 ? 1 : -1;
        }

        var whole = new BigInteger(Math.Floor(a));
        int order = Math.Sign(whole.CompareTo(b));
        return order != 0 ? order : a > Math.Floor(a) ? 1 : 0;
    }
}
