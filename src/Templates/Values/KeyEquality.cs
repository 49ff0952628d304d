using System.Numerics;

namespace LayerStream.Templates.Values;

/// <summary>Python's equality of dict keys: text, numbers (int, float and bool by value), none and tuples of those.</summary>
internal sealed class KeyEquality : IEqualityComparer<Value>
{
    public static readonly KeyEquality Instance = new();

    /// <summary>True when the value can be a key (is immutable).</summary>
    public static bool IsKey(Value value, int depth = 0) => value switch
    {
        ListValue or DictValue or NamespaceValue => false,
        TupleValue tuple => depth < 4 && tuple.Items.Length <= 16 && Array.TrueForAll(tuple.Items, x => IsKey(x, depth + 1)),
        _ => true,
    };

    public bool Equals(Value? a, Value? b)
    {
        if (ReferenceEquals(a, b))
        {
            return true;
        }

        return (a, b) switch
        {
            (TextValue x, TextValue y) => x.Text == y.Text,
            (TupleValue x, TupleValue y) => x.Items.Length == y.Items.Length && x.Items.AsSpan().SequenceEqual(y.Items, this),
            (NoneValue or UndefinedValue, _) => a.GetType() == b?.GetType(),
            (null, _) or (_, null) => false,
            _ => Numbers.TryCompare(a, b, out int order) && order == 0,
        };
    }

    public int GetHashCode(Value value) => value switch
    {
        TextValue text => text.Text.GetHashCode(),
        TupleValue tuple => tuple.Items.Aggregate(7, (hash, item) => HashCode.Combine(hash, GetHashCode(item))),
        BoolValue flag => HashCode.Combine(flag.Flag ? BigInteger.One : BigInteger.Zero),
        IntValue number => HashCode.Combine(number.Number),
        FloatValue number => double.IsInteger(number.Number)
            ? HashCode.Combine(new BigInteger(number.Number))
            : HashCode.Combine(number.Number),
        NoneValue => 1,
        UndefinedValue => 2,
        _ => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(value),
    };
}
