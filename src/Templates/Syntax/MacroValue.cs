using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Syntax;

/// <summary>A macro with the scope it was defined in.</summary>
internal sealed class MacroValue(MacroStatement definition, Scope closure) : CallableValue
{
    public Scope Closure => closure;

    public override string TypeName => "Macro";

    public override string Display => $"<Macro '{definition.Name}'>";

    public override Value? Attribute(string name) => name == "name" ? new TextValue(definition.Name) : null;

    public override Value Call(RenderState state, Arguments arguments) => definition.Call(state, this, arguments);
}
