using System.Text.Json;
using LayerStream.Sampling.Grammars.Json.Numbers;
using LayerStream.Sampling.Grammars.Regular;

namespace LayerStream.Sampling.Grammars.Json.Schemas;

/// <summary>Keywords about types, literals, numbers and texts.</summary>
internal static class ValueKeywords
{
    private static readonly Dictionary<string, JsonTypes> s_types = new(StringComparer.Ordinal)
    {
        ["null"] = JsonTypes.Null,
        ["boolean"] = JsonTypes.False | JsonTypes.True,
        ["integer"] = JsonTypes.Integer,
        ["number"] = JsonTypes.Number,
        ["string"] = JsonTypes.Text,
        ["array"] = JsonTypes.Array,
        ["object"] = JsonTypes.Object,
    };

    /// <summary>Rules of the keywords that are there.</summary>
    public static IEnumerable<Rule> Read(KeywordSource schema, ConditionTable table)
    {
        if (schema.Value("type") is JsonElement type)
        {
            JsonTypes types = JsonTypes.None;
            foreach (string name in type.ValueKind == JsonValueKind.Array ? schema.Texts("type", type) : [schema.Text("type")!])
            {
                types |= s_types.TryGetValue(name, out JsonTypes found) ? found : throw schema.Wrong("type", "one of the seven types");
            }

            yield return new Rule(table.Types(types), table.Types(JsonTypes.All & ~types));
        }

        if (schema.Value("enum") is JsonElement values)
        {
            yield return LiteralValues.AnyOf(
                values.ValueKind == JsonValueKind.Array ? [.. values.EnumerateArray()] : throw schema.Wrong("enum", "a list"), table);
        }

        if (schema.Value("const") is JsonElement value)
        {
            yield return LiteralValues.Of(value, table);
        }

        foreach (Rule rule in Numbers(schema, table).Concat(Texts(schema, table)))
        {
            yield return rule;
        }
    }

    private static IEnumerable<Rule> Numbers(KeywordSource schema, ConditionTable table)
    {
        if (Bound(schema, "minimum", "exclusiveMinimum") is (JsonNumber low, bool isOpen))
        {
            yield return Numeric(table, new(new NumberRange(low, isOpen, null, false)), new(new NumberRange(null, false, low, !isOpen)));
        }

        if (Bound(schema, "exclusiveMinimum", "") is (JsonNumber above, _))
        {
            yield return Numeric(table, new(new NumberRange(above, true, null, false)), new(new NumberRange(null, false, above, false)));
        }

        if (Bound(schema, "maximum", "exclusiveMaximum") is (JsonNumber high, bool isHighOpen))
        {
            yield return Numeric(
                table, new(new NumberRange(null, false, high, isHighOpen)), new(new NumberRange(high, !isHighOpen, null, false)));
        }

        if (Bound(schema, "exclusiveMaximum", "") is (JsonNumber below, _))
        {
            yield return Numeric(table, new(new NumberRange(null, false, below, true)), new(new NumberRange(below, false, null, false)));
        }

        if (schema.Number("multipleOf") is JsonNumber step)
        {
            yield return step.Mantissa.Sign > 0
                ? Numeric(table, new(NumberRange.All, step), new(NumberRange.All, step, stepIsNegated: true))
                : throw schema.Wrong("multipleOf", "a number above 0");
        }
    }

    // Draft 4 wrote a flag beside the bound.
    private static (JsonNumber Bound, bool IsOpen)? Bound(KeywordSource schema, string name, string flag)
    {
        if (schema.Value(name) is not JsonElement value || value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return null;
        }

        bool isOpen = flag.Length > 0 && schema.Value(flag) is { ValueKind: JsonValueKind.True };
        return (schema.Number(name)!.Value, isOpen);
    }

    private static IEnumerable<Rule> Texts(KeywordSource schema, ConditionTable table)
    {
        if (schema.Count("minLength") is > 0 and int least)
        {
            yield return Textual(table, new(null, least: least), new(null, most: least - 1));
        }

        if (schema.Count("maxLength") is < int.MaxValue and int most)
        {
            yield return AtMost(table, most);
        }

        if (schema.Text("pattern") is { } pattern)
        {
            yield return Matching(table, table.Texts(pattern, isWhole: false));
        }

        if (schema.Text("format") is { } name && TextFormats.Find(name) is { } format)
        {
            yield return Matching(table, table.Texts(format.Pattern, isWhole: true));
            if (format.Longest is int longest)
            {
                yield return AtMost(table, longest);
            }
        }
    }

    private static Rule AtMost(ConditionTable table, int most) => Textual(table, new(null, most: most), new(null, least: most + 1));

    private static Rule Matching(ConditionTable table, Dfa texts) => Textual(table, new(texts), new(texts, isNegated: true));

    private static Rule Numeric(ConditionTable table, NumberConstraint holds, NumberConstraint fails) =>
        new(table.Add(holds), table.All(table.Types(JsonTypes.Number), table.Add(fails)));

    private static Rule Textual(ConditionTable table, TextConstraint holds, TextConstraint fails) =>
        new(table.Add(holds), table.All(table.Types(JsonTypes.Text), table.Add(fails)));
}
