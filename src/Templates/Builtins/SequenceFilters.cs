using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Builtins;

/// <summary>Filters on sequences and dicts.</summary>
internal static class SequenceFilters
{
    public static Value First(Call call) =>
        Sequences.Iterate(call.State, call.Self) is [var first, ..] ? first : new UndefinedValue("the first item of an empty sequence");

    public static Value Last(Call call) =>
        Sequences.Iterate(call.State, call.Self) is [.., var last] ? last : new UndefinedValue("the last item of an empty sequence");

    public static Value Reverse(Call call)
    {
        if (call.Self is TextValue)
        {
            return Sequences.Slice(call.State, call.Self, null, null, new IntValue(-1));
        }

        return new ListValue([.. Sequences.Iterate(call.State, call.Self).Reverse()]);
    }

    public static Value Items(Call call) => call.Self switch
    {
        UndefinedValue => new ListValue([]),
        DictValue dict => Pairs(call.State, dict),
        _ => throw call.State.Error("can only get item pairs from a mapping"),
    };

    public static ListValue Pairs(RenderState state, DictValue dict)
    {
        state.Charge(dict.Items.Count);
        return new ListValue([.. dict.Items.Select(x => new TupleValue(x.Key, x.Value))]);
    }

    public static Value Join(Call call)
    {
        var state = call.State;
        var items = Sequences.Iterate(state, call.Self).Select(Key(call, 1));
        var separator = call[0] is { } given ? ValueText.Of(state, given) : TextValue.Empty;
        return JoinTexts(state, separator, items.Select(x => ValueText.Of(state, x)));
    }

    public static TextValue JoinTexts(RenderState state, TextValue separator, IEnumerable<TextValue> items)
    {
        var builder = new TextBuilder();
        bool isFirst = true;
        foreach (TextValue item in items)
        {
            state.CheckTextLength((long)builder.Length + separator.Text.Length + item.Text.Length);
            builder.Append(isFirst ? TextValue.Empty : separator).Append(item);
            isFirst = false;
        }

        return state.Text(builder.ToValue());
    }

    public static Value DictSort(Call call)
    {
        if (call.Self is not DictValue dict)
        {
            throw call.State.Error("can only sort a mapping with dictsort");
        }

        string by = call.OptionalText(1) ?? "key";
        int index = by switch { "key" => 0, "value" => 1, _ => throw call.State.Error("dictsort: by is 'key' or 'value'") };
        return Sorted(call, Pairs(call.State, dict).Items, pair => Fold(((TupleValue)pair).Items[index], call.Flag(0)), call.Flag(2));
    }

    public static Value Sort(Call call)
    {
        bool caseSensitive = call.Flag(1);
        var keys = Paths(call, 2);
        return Sorted(call, Sequences.Iterate(call.State, call.Self), KeyOf, call.Flag(0));

        Value KeyOf(Value item)
        {
            var found = keys.Select(path => Fold(path is null ? item : Attributes.GetPath(call.State, item, path),
                caseSensitive)).ToArray();
            return call[2] is null or NoneValue ? found[0] : new TupleValue(found);
        }
    }

    public static Value Unique(Call call)
    {
        var key = Key(call, 1);
        var seen = new HashSet<Value>(KeyEquality.Instance);
        return new ListValue([.. Sequences.Iterate(call.State, call.Self)
            .Where(x => seen.Add(Sequences.RequireKey(call.State, Fold(key(x), call.Flag(0)))))]);
    }

    public static Value Extreme(Call call, int sign)
    {
        var key = Key(call, 1);
        Value? best = null, bestKey = null;
        foreach (var item in Sequences.Iterate(call.State, call.Self))
        {
            var itemKey = Fold(key(item), call.Flag(0));
            if (bestKey is null || ValueOrder.Compare(call.State, itemKey, bestKey, "<") == sign)
            {
                (best, bestKey) = (item, itemKey);
            }
        }

        return best ?? new UndefinedValue("the extreme of an empty sequence");
    }

    public static Value Sum(Call call)
    {
        var key = Key(call, 0);
        return Sequences.Iterate(call.State, call.Self)
            .Aggregate(call[1] ?? new IntValue(0), (total, item) => Arithmetic.Add(call.State, total, key(item)));
    }

    /// <summary>The items in the order of their keys; equal ones stay as they stand.</summary>
    public static ListValue Sorted(Call call, IReadOnlyList<Value> items, Func<Value, Value> key, bool descending)
    {
        var state = call.State;
        var keyed = items.Select(x => (Value)new TupleValue(key(x), x)).ToArray();
        int sign = descending ? -1 : 1;
        var sorted = ValueOrder.Sort(keyed, (a, b) =>
            sign * ValueOrder.Compare(state, ((TupleValue)a).Items[0], ((TupleValue)b).Items[0], "<"));
        return new ListValue([.. sorted.Select(x => ((TupleValue)x).Items[1])]);
    }

    // What is compared of an item: itself, or the attribute named by the argument.
    private static Func<Value, Value> Key(Call call, int index)
    {
        if (call[index] is null or NoneValue)
        {
            return x => x;
        }

        var state = call.State;
        string path = ValueText.Str(state, call[index]!);
        return x => Attributes.GetPath(state, x, path);
    }

    private static string?[] Paths(Call call, int index) =>
        call[index] is null or NoneValue ? new string?[] { null } : ValueText.Str(call.State, call[index]!).Split(',');

    /// <summary>A text in lower case unless case matters.</summary>
    public static Value Fold(Value value, bool caseSensitive) =>
        !caseSensitive && value is TextValue text ? new TextValue(TextCase.Lower(text.Text)) : value;
}
