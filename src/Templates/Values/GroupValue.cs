namespace LayerStream.Templates.Values;

/// <summary>A pair of a value and the items that share it, which also go by names.</summary>
internal sealed class GroupValue(Value grouper, List<Value> members) : TupleValue(grouper, new ListValue(members))
{
    public ListValue Members => (ListValue)Items[1];

    public override Value? Attribute(string name) => name switch { "grouper" => Items[0], "list" => Items[1], _ => null };
}
