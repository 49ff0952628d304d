using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Builtins;

/// <summary>map, select, reject, selectattr, rejectattr: lists here (Jinja: generators); false input gives an empty list.</summary>
internal static class SelectFilters
{
    public static Value Map(Call call)
    {
        var (state, raw) = (call.State, call.Raw);
        if (raw.Positional.Count == 0 && raw.Named.TryGetValue("attribute", out var attribute))
        {
            string path = ValueText.Str(state, attribute);
            raw.Named.TryGetValue("default", out var fallback);
            return Each(call, x => Attributes.GetPath(state, x, path, fallback is NoneValue ? null : fallback));
        }

        string name = Name(call, 0);
        var filter = FilterTable.Find(name) ?? throw state.Error($"no filter named '{name}'");
        var rest = raw.Skip(1);
        return Each(call, x => filter.Invoke(state, x, rest));
    }

    public static Value Select(Call call, bool wanted)
    {
        var test = Test(call, 0);
        return Keep(call, x => test(x) == wanted);
    }

    public static Value SelectAttribute(Call call, bool wanted)
    {
        string path = Name(call, 0);
        var test = Test(call, 1);
        return Keep(call, x => test(Attributes.GetPath(call.State, x, path)) == wanted);
    }

    private static ListValue Each(Call call, Func<Value, Value> map)
    {
        var result = new List<Value>();
        foreach (var item in Input(call))
        {
            call.State.Charge(1);
            result.Add(map(item));
        }

        return new ListValue(result);
    }

    private static ListValue Keep(Call call, Func<Value, bool> isKept)
    {
        var result = new List<Value>();
        foreach (var item in Input(call))
        {
            call.State.Charge(1);
            if (isKept(item))
            {
                result.Add(item);
            }
        }

        return new ListValue(result);
    }

    private static Value[] Input(Call call) => call.Self.IsTrue ? Sequences.Iterate(call.State, call.Self) : [];

    private static string Name(Call call, int index) => index < call.Raw.Positional.Count
        ? ValueText.Str(call.State, call.Raw.Positional[index])
        : throw call.State.Error("a filter, test or attribute name is required");

    // The test named by the argument at index, applied to the following arguments; truthiness without one.
    private static Func<Value, bool> Test(Call call, int index)
    {
        if (index >= call.Raw.Positional.Count)
        {
            return x => x.IsTrue;
        }

        string name = Name(call, index);
        var state = call.State;
        var test = TestTable.Find(name) ?? throw state.Error($"no test named '{name}'");
        var rest = call.Raw.Skip(index + 1);
        return x => test.Invoke(state, x, rest).IsTrue;
    }
}
