using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Syntax;

/// <summary>A macro with the scope it was defined in.</summary>
internal sealed class MacroValue(MacroStatement definition, Scope closure) : CallableValue
{
    public Scope Closure => closure;

    public override string TypeName => "Macro";

    public override string Display => $"<Macro '{definition.Name}'>";

    public override Value? Attribute(string name) => name switch
    {
        "name" => new TextValue(definition.Name),
        "arguments" => new TupleValue([.. definition.ParameterNames.Select(p => new TextValue(p))]),
        "caller" => BoolValue.Of(definition.Extras.HasFlag(MacroExtras.Caller)),
        "catch_varargs" => BoolValue.Of(definition.Extras.HasFlag(MacroExtras.Varargs)),
        "catch_kwargs" => BoolValue.Of(definition.Extras.HasFlag(MacroExtras.Kwargs)),
        _ => null,
    };

    public override Value Call(RenderState state, Arguments arguments) => definition.Call(state, this, arguments);
}
