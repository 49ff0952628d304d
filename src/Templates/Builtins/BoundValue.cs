using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Builtins;

/// <summary>A function, or a method together with the value it belongs to.</summary>
internal sealed class BoundValue(Builtin builtin, Value self) : CallableValue
{
    public override string TypeName => "builtin";

    public override string Display => $"<built-in {builtin.Name}>";

    private Builtin Builtin => builtin;

    private Value Self => self;

    public override Value Call(RenderState state, Arguments arguments) => builtin.Invoke(state, self, arguments);

    public override bool IsSameAs(Value other) => other is BoundValue bound && bound.Builtin == builtin
        && ReferenceEquals(bound.Self, self);
}
