using System.Text.Json;
using LayerStream.Sampling.Grammars.Json.Schemas;

namespace LayerStream.Sampling.Grammars.Json.Texts;

/// <summary>Elements of an array so far, to which no further one may be equal. Immutable.</summary>
internal sealed class SeenValues
{
    private const int MostChecked = 50; // of which conditions are made where texts are only checked

    private readonly SeenValues? _before;
    private readonly JsonElement _value;
    private Condition? _different;

    private SeenValues(SeenValues? before, JsonElement value)
    {
        (_before, _value) = (before, value);
        Count = before is null ? 0 : before.Count + 1;
    }

    /// <summary>No element.</summary>
    public static SeenValues None { get; } = new(null, default);

    /// <summary>How many there are.</summary>
    public int Count { get; }

    /// <summary>The elements with one more; null when it is one of them.</summary>
    /// <param name="text">JSON of the element.</param>
    public SeenValues? With(byte[] text)
    {
        using JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 512 });
        JsonElement value = document.RootElement.Clone();
        for (SeenValues at = this; at._before is not null; at = at._before)
        {
            if (JsonElement.DeepEquals(at._value, value))
            {
                return null;
            }
        }

        return new SeenValues(this, value);
    }

    /// <summary>What another element meets; where texts are only checked, equal ones are also found by <see cref="With"/>.</summary>
    public Condition Different(ConditionTable table, bool checks)
    {
        if (_different is null)
        {
            List<JsonElement> values = [];
            for (SeenValues at = this; at._before is not null; at = at._before)
            {
                bool isIn = !checks || (Count <= MostChecked && at._value.ValueKind is not (JsonValueKind.Array or JsonValueKind.Object));
                values.AddRange(isIn ? [at._value] : []);
            }

            _different = values.Count == 0 ? table.True : LiteralValues.AnyOf(values, table).Fails;
        }

        return _different;
    }
}
