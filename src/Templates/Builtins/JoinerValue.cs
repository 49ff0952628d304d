using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Builtins;

/// <summary>What <c>joiner(sep)</c> makes: nothing at the first call, the separator at every later one.</summary>
internal sealed class JoinerValue(Value separator) : CallableValue
{
    private bool _isUsed;

    public override string TypeName => "Joiner";

    public override Value Call(RenderState state, Arguments arguments)
    {
        var value = _isUsed ? separator : TextValue.Empty;
        _isUsed = true;
        return arguments is { Positional.Count: 0, Named.Count: 0 } ? value : throw state.Error("a joiner takes no arguments");
    }
}
