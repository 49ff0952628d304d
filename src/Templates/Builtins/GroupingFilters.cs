using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Builtins;

/// <summary>batch, slice, groupby: one sequence becomes several.</summary>
internal static class GroupingFilters
{
    /// <summary>Lists of a given length; the last one is filled up where a value for that is given.</summary>
    public static Value Batch(Call call)
    {
        var items = Sequences.Iterate(call.State, call.Self);
        int length = call.Integer(0, 1);
        var batches = new List<Value>();
        if (length < 1)
        {
            throw call.State.Error($"batch: the length is {length}, not a positive number");
        }

        for (int i = 0; i < items.Length; i += length)
        {
            batches.Add(Filled(call, items.AsSpan(i, Math.Min(length, items.Length - i)), length));
        }

        return new ListValue(batches);
    }

    /// <summary>A given number of lists, the longer ones first.</summary>
    public static Value Slice(Call call)
    {
        var items = Sequences.Iterate(call.State, call.Self);
        int count = call.Integer(0, 1);
        if (count < 1 || count > call.State.RangeLength)
        {
            throw call.State.Error($"slice: the number of lists is {count}, not 1 to {call.State.RangeLength}");
        }

        call.State.Charge(count);
        var lists = new List<Value>(count);
        int begin = 0;
        for (int i = 0; i < count; i++)
        {
            int length = (items.Length / count) + (i < items.Length % count ? 1 : 0);
            bool isShort = items.Length % count != 0 && i >= items.Length % count;
            lists.Add(Filled(call, items.AsSpan(begin, length), length + (isShort ? 1 : 0)));
            begin += length;
        }

        return new ListValue(lists);
    }

    /// <summary>Pairs of a value of the attribute and the list of items that have it, in the order of the values.</summary>
    public static Value GroupBy(Call call)
    {
        var state = call.State;
        string path = ValueText.Str(state, call[0]!);
        bool caseSensitive = call.Flag(2);
        var keyed = SequenceFilters.Sorted(call, Sequences.Iterate(state, call.Self), Folded, descending: false);
        var groups = new List<Value>();
        Value? last = null;
        foreach (var item in keyed.Items)
        {
            var key = Folded(item);
            if (last is null || !ValueOrder.AreEqual(state, last, key))
            {
                groups.Add(new GroupValue(Key(item), []));
            }

            ((GroupValue)groups[^1]).Members.Items.Add(item);
            last = key;
        }

        return new ListValue(groups);

        Value Key(Value item) => Attributes.GetPath(state, item, path, call[1] is NoneValue ? null : call[1]);

        Value Folded(Value item) => SequenceFilters.Fold(Key(item), caseSensitive);
    }

    private static ListValue Filled(Call call, ReadOnlySpan<Value> items, int length)
    {
        var list = new List<Value>(length);
        list.AddRange(items);
        if (call[1] is not (null or NoneValue))
        {
            call.State.Charge(length - items.Length);
            list.AddRange(Enumerable.Repeat(call[1]!, length - items.Length));
        }

        return new ListValue(list);
    }
}
