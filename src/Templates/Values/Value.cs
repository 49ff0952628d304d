using System.Numerics;

namespace LayerStream.Templates.Values;

/// <summary>A template value. The closed set of subclasses is all a template can ever hold: no CLR object is reachable.</summary>
internal abstract class Value
{
    /// <summary>Python's name of the type, for messages.</summary>
    public abstract string TypeName { get; }

    /// <summary>Python truthiness.</summary>
    public virtual bool IsTrue => true;

    /// <summary>What <c>repr</c> prints for values that are no data.</summary>
    public virtual string Display => $"<{TypeName}>";

    /// <summary>An attribute that belongs to this kind of value (not a dict's key or a method); null when there is none.</summary>
    public virtual Value? Attribute(string name) => null;

    /// <summary>True for the same object, or another name of the same function.</summary>
    public virtual bool IsSameAs(Value other) => ReferenceEquals(this, other);
}

internal sealed class NoneValue : Value
{
    public static readonly NoneValue Instance = new();

    private NoneValue()
    {
    }

    public override string TypeName => "NoneType";

    public override bool IsTrue => false;
}

internal sealed class UndefinedValue(string what) : Value
{
    /// <summary>What was looked up in vain, for messages.</summary>
    public string What { get; } = what;

    public override string TypeName => "Undefined";

    public override bool IsTrue => false;
}

internal sealed class BoolValue : Value
{
    public static readonly BoolValue True = new(true);
    public static readonly BoolValue False = new(false);

    private BoolValue(bool flag)
    {
        Flag = flag;
    }

    public bool Flag { get; }

    public override string TypeName => "bool";

    public override bool IsTrue => Flag;

    public static BoolValue Of(bool flag) => flag ? True : False;
}

internal sealed class IntValue(BigInteger number) : Value
{
    // Python has one object for each of the small ones.
    private const int LeastShared = -5, MostShared = 256;

    public BigInteger Number { get; } = number;

    public override string TypeName => "int";

    public override bool IsTrue => !Number.IsZero;

    public override bool IsSameAs(Value other) => ReferenceEquals(this, other)
        || (other is IntValue same && same.Number == Number && Number >= LeastShared && Number <= MostShared);
}

internal sealed class FloatValue(double number) : Value
{
    public double Number { get; } = number;

    public override string TypeName => "float";

    public override bool IsTrue => Number != 0;
}

internal sealed class ListValue(List<Value> items) : Value
{
    public List<Value> Items { get; } = items;

    public override string TypeName => "list";

    public override bool IsTrue => Items.Count > 0;
}

internal class TupleValue(params Value[] items) : Value
{
    public Value[] Items { get; } = items;

    public override string TypeName => "tuple";

    public override bool IsTrue => Items.Length > 0;
}

/// <summary>Insertion-ordered mapping with Python's key equality (1 == 1.0 == true).</summary>
internal sealed class DictValue : Value
{
    public OrderedDictionary<Value, Value> Items { get; } = new(KeyEquality.Instance);

    public override string TypeName => "dict";

    public override bool IsTrue => Items.Count > 0;

    public Value? Find(string key) => Items.TryGetValue(new TextValue(key), out var value) ? value : null;

    public void Set(string key, Value value) => Items[new TextValue(key)] = value;

    public void Remove(string key) => Items.Remove(new TextValue(key));
}

/// <summary>The object made by <c>namespace(…)</c>: the only one whose attributes can be assigned.</summary>
internal sealed class NamespaceValue : Value
{
    public Dictionary<string, Value> Attributes { get; } = new(StringComparer.Ordinal);

    public override string TypeName => "Namespace";

    public override Value? Attribute(string name) => Attributes.GetValueOrDefault(name);
}
