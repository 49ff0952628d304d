using System.Globalization;
using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Builtins;

/// <summary>The <c>loop</c> variable of a running for loop.</summary>
internal sealed class LoopValue(Value[] items, int depth, Func<RenderState, Value, Value>? again) : CallableValue
{
    private static readonly Builtin s_cycle = new("cycle", "*", call =>
    {
        var choices = call.Raw.Positional;
        return choices.Count > 0 ? choices[((LoopValue)call.Self).Index % choices.Count]
            : throw call.State.Error("no items for cycling given");
    });

    private static readonly Builtin s_changed = new("changed", "*", call =>
    {
        var loop = (LoopValue)call.Self;
        var now = new TupleValue([.. call.Raw.Positional]);
        bool changed = loop._last is not { } last || !ValueOrder.AreEqual(call.State, last, now);
        loop._last = now;
        return BoolValue.Of(changed);
    });

    private static readonly Dictionary<string, Func<LoopValue, Value>> s_table = new(StringComparer.Ordinal)
    {
        ["index"] = x => new IntValue(x.Index + 1),
        ["index0"] = x => new IntValue(x.Index),
        ["revindex"] = x => new IntValue(x.Count - x.Index),
        ["revindex0"] = x => new IntValue(x.Count - x.Index - 1),
        ["first"] = x => BoolValue.Of(x.Index == 0),
        ["last"] = x => BoolValue.Of(x.Index == x.Count - 1),
        ["length"] = x => new IntValue(x.Count),
        ["depth"] = x => new IntValue(x.Depth),
        ["depth0"] = x => new IntValue(x.Depth - 1),
        ["previtem"] = x => x.Item(x.Index - 1, "there is no previous item"),
        ["nextitem"] = x => x.Item(x.Index + 1, "there is no next item"),
        ["cycle"] = x => new BoundValue(s_cycle, x),
        ["changed"] = x => new BoundValue(s_changed, x),
    };

    private TupleValue? _last;

    public int Index { get; set; }

    public int Count => items.Length;

    public int Depth => depth;

    public override string TypeName => "LoopContext";

    public override string Display => string.Create(CultureInfo.InvariantCulture, $"<LoopContext {Index + 1}/{Count}>");

    public override Value? Attribute(string name) => s_table.TryGetValue(name, out var read) ? read(this) : null;

    public override Value Call(RenderState state, Arguments arguments)
    {
        if (again is null)
        {
            throw state.Error("the loop must have the 'recursive' marker to be called recursively");
        }

        return arguments is { Positional: [var more], Named.Count: 0 } ? again(state, more)
            : throw state.Error("loop() takes one argument");
    }

    private Value Item(int index, string missing) =>
        index >= 0 && index < items.Length ? items[index] : new UndefinedValue(missing);
}
