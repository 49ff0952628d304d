using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Syntax;

/// <summary>What a value is assigned to: a name, an attribute of a namespace, or a tuple of targets.</summary>
internal abstract class Target
{
    public abstract void Assign(RenderState state, Value value);
}

internal sealed class NameTarget(string name) : Target
{
    public override void Assign(RenderState state, Value value) => state.Scope.Set(name, value);
}

internal sealed class AttributeTarget(string name, string attribute) : Target
{
    public override void Assign(RenderState state, Value value)
    {
        if (state.Scope.Find(name) is not NamespaceValue target)
        {
            throw state.Error($"cannot assign attribute '{attribute}' of '{name}': it is not a namespace");
        }

        if (attribute.StartsWith('_'))
        {
            throw state.Error($"access to attribute '{attribute}' of a namespace is unsafe");
        }

        target.Attributes[attribute] = value;
    }
}

internal sealed class TupleTarget(Target[] targets) : Target
{
    public override void Assign(RenderState state, Value value)
    {
        var items = Sequences.Iterate(state, value);
        if (items.Length != targets.Length)
        {
            throw state.Error($"cannot unpack {items.Length} values into {targets.Length} names");
        }

        for (int i = 0; i < items.Length; i++)
        {
            targets[i].Assign(state, items[i]);
        }
    }
}
