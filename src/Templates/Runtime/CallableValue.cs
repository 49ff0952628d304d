using LayerStream.Templates.Values;

namespace LayerStream.Templates.Runtime;

/// <summary>A value that can be called: a function, a bound method, a macro, a recursive loop.</summary>
internal abstract class CallableValue : Value
{
    public abstract Value Call(RenderState state, Arguments arguments);
}
