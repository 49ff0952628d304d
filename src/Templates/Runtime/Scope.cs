using LayerStream.Templates.Values;

namespace LayerStream.Templates.Runtime;

/// <summary>Names visible at one point. <c>for</c>, <c>macro</c> and capturing blocks open a scope; <c>if</c> does not.</summary>
internal sealed class Scope(Scope? parent)
{
    private Dictionary<string, Value>? _names;

    public Value? Find(string name)
    {
        for (var scope = this; scope is not null; scope = scope.Parent)
        {
            if (scope._names is { } names && names.TryGetValue(name, out var value))
            {
                return value;
            }
        }

        return null;
    }

    public void Set(string name, Value value) => (_names ??= new(StringComparer.Ordinal))[name] = value;

    private Scope? Parent { get; } = parent;
}
