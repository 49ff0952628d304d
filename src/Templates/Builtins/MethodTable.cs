using System.Numerics;
using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Builtins;

/// <summary>Methods of dicts, lists, tuples and numbers; those of texts are in <see cref="TextMethods"/>.</summary>
internal static class MethodTable
{
    private static readonly Dictionary<string, Builtin> s_dict = Builtin.Table(
        new("items", "", c => SequenceFilters.Pairs(c.State, Dictionary(c))),
        new("keys", "", c => new ListValue([.. Dictionary(c).Items.Keys])),
        new("values", "", c => new ListValue([.. Dictionary(c).Items.Values])),
        new("get", "key default?", c => Dictionary(c).Items.TryGetValue(Sequences.RequireKey(c.State, c[0]!), out var value) ? value : c[1]
            ?? NoneValue.Instance),
        new("pop", "key default?", DictPop),
        new("update", "*", DictUpdate),
        new("setdefault", "key default?", DictSetDefault),
        new("copy", "", DictCopy));

    private static readonly Dictionary<string, Builtin> s_list = Builtin.Table(
        new("append", "item", ListAppend),
        new("extend", "items", ListExtend),
        new("insert", "index item", ListInsert),
        new("pop", "index?", ListPop),
        new("copy", "", c => new ListValue([.. Sequences.Iterate(c.State, c.Self)])),
        new("reverse", "", ListReverse),
        new("index", "item", Index),
        new("count", "item", Count));

    private static readonly Dictionary<string, Builtin> s_tuple = Builtin.Table(
        new("index", "item", Index),
        new("count", "item", Count));

    private static readonly Dictionary<string, Builtin> s_number = Builtin.Table(
        new("is_integer", "", c => BoolValue.Of(c.Self is not FloatValue real || double.IsInteger(real.Number))),
        new("bit_length", "", c => Numbers.TryInteger(c.Self, out var number) ? new IntValue((long)BigInteger.Abs(number).GetBitLength())
            : throw c.State.Error("'float' object has no attribute 'bit_length'")));

    public static Builtin? Find(Value value, string name) => value switch
    {
        IntValue or FloatValue => s_number.GetValueOrDefault(name),
        TextValue => TextMethods.Find(name),
        DictValue => s_dict.GetValueOrDefault(name),
        ListValue => s_list.GetValueOrDefault(name),
        TupleValue => s_tuple.GetValueOrDefault(name),
        _ => null,
    };

    private static DictValue Dictionary(Call call) => (DictValue)call.Self;

    private static List<Value> Items(Call call) => ((ListValue)call.Self).Items;

    private static Value DictPop(Call call) =>
        Dictionary(call).Items.Remove(Sequences.RequireKey(call.State, call[0]!), out var value)
            ? value
            : call[1] ?? throw call.State.Error($"KeyError: {ValueText.Repr(call.State, call[0]!)}");

    private static Value DictUpdate(Call call)
    {
        var target = Dictionary(call);
        if (call.Raw.Positional is [DictValue source])
        {
            call.State.Charge(source.Items.Count);
            foreach (var (key, value) in source.Items.ToArray())
            {
                target.Items[key] = value;
            }
        }
        else if (call.Raw.Positional.Count > 0)
        {
            throw call.State.Error("update() takes a mapping");
        }

        foreach (var (name, value) in call.Raw.Named)
        {
            target.Set(name, value);
        }

        return NoneValue.Instance;
    }

    private static Value DictSetDefault(Call call)
    {
        var key = Sequences.RequireKey(call.State, call[0]!);
        var items = Dictionary(call).Items;
        items.TryAdd(key, call[1] ?? NoneValue.Instance);
        return items[key];
    }

    private static DictValue DictCopy(Call call)
    {
        var copy = new DictValue();
        foreach (var (key, value) in Dictionary(call).Items)
        {
            call.State.Charge(1);
            copy.Items[key] = value;
        }

        return copy;
    }

    private static Value ListAppend(Call call)
    {
        Items(call).Add(call[0]!);
        return NoneValue.Instance;
    }

    private static Value ListExtend(Call call)
    {
        Items(call).AddRange(Sequences.Iterate(call.State, call[0]!));
        return NoneValue.Instance;
    }

    private static Value ListInsert(Call call)
    {
        var items = Items(call);
        int index = call.Integer(0, 0);
        call.State.Charge(items.Count / 64);
        items.Insert(Math.Clamp(index < 0 ? index + items.Count : index, 0, items.Count), call[1]!);
        return NoneValue.Instance;
    }

    private static Value ListPop(Call call)
    {
        var items = Items(call);
        int index = call.Integer(0, -1);
        index = index < 0 ? index + items.Count : index;
        if (index < 0 || index >= items.Count)
        {
            throw call.State.Error(items.Count == 0 ? "pop from empty list" : "pop index out of range");
        }

        call.State.Charge(items.Count / 64);
        var value = items[index];
        items.RemoveAt(index);
        return value;
    }

    private static Value ListReverse(Call call)
    {
        call.State.Charge(Items(call).Count / 64);
        Items(call).Reverse();
        return NoneValue.Instance;
    }

    private static Value Index(Call call)
    {
        var items = Sequences.Items(call.Self);
        for (int i = 0; i < items.Count; i++)
        {
            if (ValueOrder.AreEqual(call.State, items[i], call[0]!))
            {
                return new IntValue(i);
            }
        }

        throw call.State.Error("the item is not in the sequence");
    }

    private static IntValue Count(Call call) => new(Sequences.Items(call.Self).Count(x => ValueOrder.AreEqual(call.State, x, call[0]!)));
}
