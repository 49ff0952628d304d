using System.Numerics;
using System.Text.Json;
using LayerStream.Sampling.Grammars.Json.Numbers;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Json.Schemas;

/// <summary>Keywords of one schema with the checks of their values.</summary>
internal sealed class KeywordSource(JsonElement schema, string place)
{
    /// <summary>Where the schema stands.</summary>
    public string Place { get; } = place;

    /// <summary>Whether the keyword is there.</summary>
    public bool Has(string name) => schema.TryGetProperty(name, out _);

    /// <summary>The value of a keyword, or null.</summary>
    public JsonElement? Value(string name) => schema.TryGetProperty(name, out JsonElement value) ? value : null;

    /// <summary>A text.</summary>
    public string? Text(string name) => Value(name) is JsonElement value ? TextOf(name, value) : null;

    /// <summary>A whole number from 0 on; more than an int holds counts as the largest int.</summary>
    public int? Count(string name)
    {
        if (Value(name) is not JsonElement value)
        {
            return null;
        }

        JsonNumber number = Number(name, value);
        return number is { IsInteger: true } && number.Mantissa.Sign >= 0
            ? (int)BigInteger.Min(int.MaxValue, number.At(0))
            : throw Wrong(name, "a whole number from 0 on");
    }

    /// <summary>A number.</summary>
    public JsonNumber? Number(string name) => Value(name) is JsonElement value ? Number(name, value) : null;

    /// <summary>An array that is not empty.</summary>
    public JsonElement? List(string name) => Value(name) is not JsonElement value ? null
        : value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0 ? value : throw Wrong(name, "a list with something in it");

    /// <summary>An object.</summary>
    public IEnumerable<JsonProperty> Map(string name) => Value(name) is not JsonElement value ? []
        : value.ValueKind == JsonValueKind.Object ? value.EnumerateObject() : throw Wrong(name, "an object");

    /// <summary>Texts of an array.</summary>
    public string[] Texts(string name, JsonElement value) => value.ValueKind == JsonValueKind.Array
        ? [.. value.EnumerateArray().Select(v => TextOf(name, v))]
        : throw Wrong(name, "a list of texts");

    /// <summary>Elements of a list with their places.</summary>
    public IEnumerable<(JsonElement Element, string Place)> Places(string name, JsonElement list) =>
        list.EnumerateArray().Select((element, number) => (element, $"{Place}/{name}/{number}"));

    /// <summary>The rule of a schema under a keyword, or null.</summary>
    public Rule? Sub(string name, ConditionTable table) =>
        Value(name) is JsonElement value ? SchemaReader.Sub(table, value, $"{Place}/{name}") : null;

    /// <summary>The rule of a schema in a map under a keyword.</summary>
    public Rule Sub(string name, JsonProperty entry, ConditionTable table) =>
        SchemaReader.Sub(table, entry.Value, $"{Place}/{name}/{SchemaDocument.Escape(entry.Name)}");

    /// <summary>An error about a keyword's value.</summary>
    public GrammarException Wrong(string name, string wanted) =>
        GrammarException.Syntax(name, $"The keyword '{name}' at '{Place}' must be {wanted}.");

    private string TextOf(string name, JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Wrong(name, "a text");
        }
        catch (InvalidOperationException)
        {
            throw Wrong(name, "a text without half of a surrogate pair");
        }
    }

    private JsonNumber Number(string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number ? JsonNumber.Of(value) : throw Wrong(name, "a number");
}
