using LayerStream.Templates.Values;

namespace LayerStream.Templates.Builtins;

/// <summary>What <c>cycler(…)</c> makes: its values in turn, over and over.</summary>
internal sealed class CyclerValue(Value[] items) : Value
{
    private static readonly Builtin s_next = new("next", "", call => ((CyclerValue)call.Self).Next());

    private static readonly Builtin s_reset = new("reset", "", call =>
    {
        ((CyclerValue)call.Self)._index = 0;
        return NoneValue.Instance;
    });

    private int _index;

    public override string TypeName => "Cycler";

    public override Value? Attribute(string name) => name switch
    {
        "next" => new BoundValue(s_next, this),
        "reset" => new BoundValue(s_reset, this),
        "current" => items[_index],
        _ => null,
    };

    private Value Next()
    {
        var value = items[_index];
        _index = (_index + 1) % items.Length;
        return value;
    }
}
