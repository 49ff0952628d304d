using System.Numerics;
using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Builtins;

/// <summary>Global functions; variables of the same name hide them.</summary>
internal static class FunctionTable
{
    private static readonly Dictionary<string, BoundValue> s_table = new Builtin[]
    {
        new("namespace", "*", Namespace),
        new("dict", "*", c => Fill(c, new DictValue())),
        new("cycler", "*", c => c.Raw.Positional.Count > 0 ? new CyclerValue([.. c.Raw.Positional])
            : throw c.State.Error("at least one item has to be provided")),
        new("joiner", "sep?", c => new JoinerValue(c[0] ?? new TextValue(", "))),
        new("range", "start stop? step?", Range),
        new("raise_exception", "message", c => throw new TemplateException(ValueText.Str(c.State, c[0]!), c.State.Line,
            raisedByTemplate: true)),
        new("strftime_now", "format", StrftimeNow),
    }.ToDictionary(x => x.Name, x => new BoundValue(x, NoneValue.Instance), StringComparer.Ordinal);

    public static Value? Find(string name) => s_table.GetValueOrDefault(name);

    private static TextValue StrftimeNow(Call call)
    {
        string text = DateText.Format(call.State.Now(), call.Text(0));
        return call.State.Text(call.TextValue(0).Spans is null ? new TextValue(text) : TextValue.OfMessage(text));
    }

    private static NamespaceValue Namespace(Call call)
    {
        var space = new NamespaceValue();
        foreach (var (key, value) in Fill(call, new DictValue()).Items)
        {
            string name = ValueText.Str(call.State, key);
            space.Attributes[name] = name.StartsWith('_')
                ? throw call.State.Error($"access to attribute '{name}' of a namespace is unsafe") : value;
        }

        return space;
    }

    // One optional mapping or list of pairs, then the named arguments.
    private static DictValue Fill(Call call, DictValue target)
    {
        if (call.Raw.Positional.Count > 1)
        {
            throw call.State.Error("at most one positional argument is allowed");
        }

        if (call.Raw.Positional is [var source])
        {
            var pairs = source is DictValue dict ? [.. SequenceFilters.Pairs(call.State, dict).Items]
                : Sequences.Iterate(call.State, source);
            foreach (var pair in pairs)
            {
                if (Sequences.Iterate(call.State, pair) is not [var key, var value])
                {
                    throw call.State.Error("pairs of key and value are required");
                }

                target.Items[Sequences.RequireKey(call.State, key)] = value;
            }
        }

        foreach (var (name, value) in call.Raw.Named)
        {
            target.Set(name, value);
        }

        return target;
    }

    private static ListValue Range(Call call)
    {
        bool hasStop = call[1] is not null;
        var start = hasStop ? Integer(call, 0) : BigInteger.Zero;
        var stop = Integer(call, hasStop ? 1 : 0);
        var step = call[2] is null ? BigInteger.One : Integer(call, 2);
        if (step.IsZero)
        {
            throw call.State.Error("range() arg 3 must not be zero");
        }

        var length = step.Sign > 0 ? stop - start + step - 1 : start - stop - step - 1;
        length = BigInteger.Max(0, length / BigInteger.Abs(step));
        if (length > call.State.RangeLength)
        {
            throw call.State.Error($"range is longer than {call.State.RangeLength}");
        }

        call.State.Charge((int)length);
        var items = new List<Value>((int)length);
        for (var i = start; items.Count < (int)length; i += step)
        {
            items.Add(new IntValue(i));
        }

        return new ListValue(items);
    }

    private static BigInteger Integer(Call call, int index) => Numbers.TryInteger(call[index]!, out var number)
        ? number
        : throw call.State.Error($"'{call[index]!.TypeName}' object cannot be interpreted as an integer");
}
