using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Builtins;

/// <summary><c>x.y</c> and <c>x[y]</c>: an attribute first, then a key, or the other way round; missing is undefined.</summary>
internal static class Attributes
{
    public static Value Get(RenderState state, Value value, string name)
    {
        if (value is UndefinedValue undefined)
        {
            throw state.UndefinedError(undefined);
        }

        return Attribute(value, name) ?? (value as DictValue)?.Find(name) ?? Missing(value, name);
    }

    public static Value GetItem(RenderState state, Value value, Value index)
    {
        if (value is UndefinedValue undefined)
        {
            throw state.UndefinedError(undefined);
        }

        Value? found = value switch
        {
            DictValue dict => KeyEquality.IsKey(index) && dict.Items.TryGetValue(index, out var item) ? item : null,
            _ when Numbers.TryInteger(index, out var number) => Sequences.At(value, number),
            _ => null,
        };
        if (found is not null)
        {
            return found;
        }

        return index is TextValue name
            ? Attribute(value, name.Text) ?? Missing(value, name.Text)
            : new UndefinedValue($"element of a '{value.TypeName}' value");
    }

    /// <summary>Walks a dotted path as filters do (<c>attribute='function.name'</c>), key first; the fallback stands for what a step does
    /// not find.</summary>
    public static Value GetPath(RenderState state, Value value, string path, Value? fallback = null)
    {
        foreach (string part in path.Split('.'))
        {
            Value index = int.TryParse(part, System.Globalization.NumberStyles.None, null, out int number) ? new IntValue(number)
                : new TextValue(part);
            value = GetItem(state, value, index) is var found && found is UndefinedValue ? fallback ?? found : found;
        }

        return value;
    }

    private static UndefinedValue Missing(Value value, string name) => new($"attribute '{name}' of a '{value.TypeName}' value");

    private static Value? Attribute(Value value, string name) =>
        value.Attribute(name) ?? (MethodTable.Find(value, name) is { } method ? new BoundValue(method, value) : null);
}
