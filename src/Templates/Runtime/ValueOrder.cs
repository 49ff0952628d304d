using LayerStream.Templates.Values;

namespace LayerStream.Templates.Runtime;

/// <summary>Python's == and &lt; on template values, and a stable sort by them.</summary>
internal static class ValueOrder
{
    public static bool AreEqual(RenderState state, Value a, Value b, int depth = 0)
    {
        if (ReferenceEquals(a, b))
        {
            return a is not FloatValue { Number: double.NaN };
        }

        state.Charge(1);
        state.CheckValueDepth(depth);
        return (a, b) switch
        {
            (TextValue x, TextValue y) => x.Text == y.Text,
            (ListValue x, ListValue y) => AreEqualLists(state, x.Items, y.Items, depth),
            (TupleValue x, TupleValue y) => AreEqualLists(state, x.Items, y.Items, depth),
            (DictValue x, DictValue y) => AreEqualDicts(state, x, y, depth),
            (NoneValue, NoneValue) or (UndefinedValue, UndefinedValue) => true,
            _ => a.IsSameAs(b) || (Numbers.TryCompare(a, b, out int order) && order == 0),
        };
    }

    /// <summary>Negative, zero or positive; raises for types without an order.</summary>
    public static int Compare(RenderState state, Value a, Value b, string sign, int depth = 0)
    {
        state.Charge(1);
        state.CheckValueDepth(depth);
        if (a is UndefinedValue || b is UndefinedValue)
        {
            throw state.UndefinedError(a as UndefinedValue ?? (UndefinedValue)b);
        }

        if (a is TextValue x && b is TextValue y)
        {
            return CompareText(x.Text, y.Text);
        }

        if (Numbers.TryCompare(a, b, out int order))
        {
            return order;
        }

        if ((a, b) is (ListValue, ListValue) or (TupleValue, TupleValue))
        {
            return CompareLists(state, Sequences.Items(a), Sequences.Items(b), sign, depth);
        }

        throw state.Error($"'{sign}' not supported between instances of '{a.TypeName}' and '{b.TypeName}'");
    }

    /// <summary>Stable merge sort; comparison errors pass through unchanged.</summary>
    public static Value[] Sort(IReadOnlyList<Value> items, Comparison<Value> compare)
    {
        var source = items.ToArray();
        var target = new Value[source.Length];
        for (int width = 1; width < source.Length; width *= 2)
        {
            for (int begin = 0; begin < source.Length; begin += 2 * width)
            {
                Merge(source, target, begin, Math.Min(begin + width, source.Length), Math.Min(begin + (2 * width), source.Length), compare);
            }

            (source, target) = (target, source);
        }

        return source;
    }

    private static void Merge(Value[] source, Value[] target, int left, int middle, int end, Comparison<Value> compare)
    {
        int right = middle;
        for (int i = left, out_ = left; out_ < end; out_++)
        {
            bool takeLeft = i < middle && (right >= end || compare(source[i], source[right]) <= 0);
            target[out_] = takeLeft ? source[i++] : source[right++];
        }
    }

    // Order by code point: UTF-16 order, except that surrogates come after U+E000..U+FFFF.
    private static int CompareText(string a, string b)
    {
        int common = a.AsSpan().CommonPrefixLength(b);
        if (common == a.Length || common == b.Length)
        {
            return Math.Sign(a.Length.CompareTo(b.Length));
        }

        char x = a[common], y = b[common];
        return (char.IsSurrogate(x), char.IsSurrogate(y)) switch
        {
            (true, false) => 1,
            (false, true) => -1,
            _ => Math.Sign(x.CompareTo(y)),
        };
    }

    private static int CompareLists(RenderState state, IReadOnlyList<Value> a, IReadOnlyList<Value> b, string sign, int depth)
    {
        for (int i = 0; i < a.Count && i < b.Count; i++)
        {
            if (!AreEqual(state, a[i], b[i], depth + 1))
            {
                return Compare(state, a[i], b[i], sign, depth + 1);
            }
        }

        return Math.Sign(a.Count.CompareTo(b.Count));
    }

    private static bool AreEqualLists(RenderState state, IReadOnlyList<Value> a, IReadOnlyList<Value> b, int depth)
    {
        if (a.Count != b.Count)
        {
            return false;
        }

        for (int i = 0; i < a.Count; i++)
        {
            if (!AreEqual(state, a[i], b[i], depth + 1))
            {
                return false;
            }
        }

        return true;
    }

    private static bool AreEqualDicts(RenderState state, DictValue a, DictValue b, int depth)
    {
        if (a.Items.Count != b.Items.Count)
        {
            return false;
        }

        foreach (var (key, value) in a.Items)
        {
            if (!b.Items.TryGetValue(key, out var other) || !AreEqual(state, value, other, depth + 1))
            {
                return false;
            }
        }

        return true;
    }
}
