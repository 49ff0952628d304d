using System.Numerics;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Runtime;

/// <summary>Python's view of values as sequences: iteration, length, membership, indexing and slicing.</summary>
internal static class Sequences
{
    /// <summary>Elements of a list or tuple.</summary>
    public static IReadOnlyList<Value> Items(Value value) => value is TupleValue tuple ? tuple.Items : ((ListValue)value).Items;

    /// <summary>What a for loop walks: elements, dict keys, code points; nothing for undefined. Raises for the rest.</summary>
    public static Value[] Iterate(RenderState state, Value value)
    {
        Value[] items = value switch
        {
            ListValue list => [.. list.Items],
            TupleValue tuple => tuple.Items,
            DictValue dict => [.. dict.Items.Keys],
            TextValue text => Characters(state, text),
            UndefinedValue => [],
            _ => throw state.Error($"'{value.TypeName}' object is not iterable"),
        };
        state.Charge(items.Length);
        return items;
    }

    public static int Length(RenderState state, Value value) => value switch
    {
        TextValue text => text.Length,
        ListValue list => list.Items.Count,
        TupleValue tuple => tuple.Items.Length,
        DictValue dict => dict.Items.Count,
        UndefinedValue => 0,
        _ => throw state.Error($"object of type '{value.TypeName}' has no len()"),
    };

    public static bool Contains(RenderState state, Value container, Value item)
    {
        switch (container)
        {
            case TextValue text when item is TextValue part:
                state.Charge(text.Text.Length / 256);
                return TextSearch.Find(text.Text, part.Text, 0) >= 0;
            case TextValue:
                throw state.Error($"'in <string>' requires string as left operand, not {item.TypeName}");
            case DictValue dict:
                return dict.Items.ContainsKey(RequireKey(state, item));
            case ListValue or TupleValue:
                foreach (var element in Items(container))
                {
                    if (ReferenceEquals(element, item) || ValueOrder.AreEqual(state, element, item))
                    {
                        return true;
                    }
                }

                return false;
            case UndefinedValue:
                return false;
            default:
                throw state.Error($"argument of type '{container.TypeName}' is not iterable");
        }
    }

    public static Value RequireKey(RenderState state, Value key) =>
        KeyEquality.IsKey(key) ? key : throw state.Error($"unhashable type: '{key.TypeName}'");

    /// <summary>Element at a Python index, or null when out of range or not a sequence.</summary>
    public static Value? At(Value value, BigInteger index)
    {
        int length = value switch
        {
            TextValue text => text.Length,
            ListValue list => list.Items.Count,
            TupleValue tuple => tuple.Items.Length,
            _ => 0,
        };
        var position = index.Sign < 0 ? index + length : index;
        if (position.Sign < 0 || position >= length)
        {
            return null;
        }

        return value is TextValue chars ? chars.At((int)position) : Items(value)[(int)position];
    }

    /// <summary><c>value[start:stop:step]</c> with Python's clamping; none or null bounds are open.</summary>
    public static Value Slice(RenderState state, Value value, Value? start, Value? stop, Value? step)
    {
        if (value is UndefinedValue undefined)
        {
            throw state.UndefinedError(undefined);
        }

        if (value is not (TextValue or ListValue or TupleValue))
        {
            throw state.Error($"'{value.TypeName}' object is not subscriptable");
        }

        int length = Length(state, value);
        var by = Bound(state, step) ?? 1;
        if (by.IsZero)
        {
            throw state.Error("slice step cannot be zero");
        }

        int stride = (int)BigInteger.Min(BigInteger.Max(by, int.MinValue), int.MaxValue);
        int low = stride > 0 ? 0 : -1, high = stride > 0 ? length : length - 1;
        int begin = Clamp(Bound(state, start), length, low, high) ?? (stride > 0 ? low : high);
        int end = Clamp(Bound(state, stop), length, low, high) ?? (stride > 0 ? high : low);
        if (value is TextValue chars && stride == 1)
        {
            return state.Text(chars.Range(begin, end));
        }

        var picked = new List<Value>();
        for (long i = begin; stride > 0 ? i < end : i > end; i += stride)
        {
            picked.Add(value is TextValue text ? text.At((int)i) : Items(value)[(int)i]);
        }

        state.Charge(picked.Count);
        return value switch
        {
            TextValue => state.Text(Joined(picked)),
            TupleValue => new TupleValue([.. picked]),
            _ => new ListValue(picked),
        };
    }

    private static TextValue Joined(List<Value> texts)
    {
        var builder = new TextBuilder();
        foreach (Value text in texts)
        {
            builder.Append((TextValue)text);
        }

        return builder.ToValue();
    }

    private static Value[] Characters(RenderState state, TextValue text)
    {
        int length = text.Length;
        state.Charge(length);
        var items = new Value[length];
        for (int i = 0; i < length; i++)
        {
            items[i] = text.At(i);
        }

        return items;
    }

    private static BigInteger? Bound(RenderState state, Value? bound) => bound switch
    {
        null or NoneValue => null,
        _ when Numbers.TryInteger(bound, out var number) => number,
        UndefinedValue undefined => throw state.UndefinedError(undefined),
        _ => throw state.Error("slice indices must be integers or None"),
    };

    private static int? Clamp(BigInteger? bound, int length, int low, int high)
    {
        if (bound is not { } index)
        {
            return null;
        }

        index = index.Sign < 0 ? index + length : index;
        return (int)BigInteger.Min(BigInteger.Max(index, low), high);
    }
}
