using System.Text.Json;
using LayerStream.Sampling.Grammars.Json.Numbers;
using LayerStream.Sampling.Grammars.Regular;

namespace LayerStream.Sampling.Grammars.Json.Schemas;

/// <summary>Rules of values that are given as they are.</summary>
internal static class LiteralValues
{
    /// <summary>The value is equal to one of these.</summary>
    public static Rule AnyOf(IReadOnlyList<JsonElement> values, ConditionTable table)
    {
        List<Rule> rules = [.. values.Where(v => v.ValueKind != JsonValueKind.String).Select(v => Of(v, table))];
        PatternNode[] texts = [.. values.Where(v => v.ValueKind == JsonValueKind.String).Select(v => PatternNode.Literal(v.GetString()!))];
        if (texts.Length > 0)
        {
            rules.Add(Text(new PatternChoice(texts), table));
        }

        return new Rule(table.Any(rules.Select(r => r.Holds)), table.All(rules.Select(r => r.Fails)));
    }

    /// <summary>The value is equal to this one: numbers by value, members in any order.</summary>
    public static Rule Of(JsonElement value, ConditionTable table) => value.ValueKind switch
    {
        JsonValueKind.Null => Typed(JsonTypes.Null, table),
        JsonValueKind.True => Typed(JsonTypes.True, table),
        JsonValueKind.False => Typed(JsonTypes.False, table),
        JsonValueKind.String => Text(PatternNode.Literal(value.GetString()!), table),
        JsonValueKind.Number => Number(JsonNumber.Of(value), table),
        JsonValueKind.Array => List([.. value.EnumerateArray()], table),
        _ => Members(value, table),
    };

    private static Rule Typed(JsonTypes types, ConditionTable table) => new(table.Types(types), table.Types(JsonTypes.All & ~types));

    private static Rule Text(PatternNode pattern, ConditionTable table)
    {
        Dfa texts = Dfa.Of(pattern);
        return new Rule(
            table.All(table.Types(JsonTypes.Text), table.Add(new TextConstraint(texts))),
            table.Any(
                table.Types(JsonTypes.All & ~JsonTypes.Text),
                table.All(table.Types(JsonTypes.Text), table.Add(new TextConstraint(texts, isNegated: true)))));
    }

    private static Rule Number(JsonNumber number, ConditionTable table) => new(
        table.All(
            table.Types(number.IsInteger ? JsonTypes.Integer : JsonTypes.Fraction),
            table.Add(new NumberConstraint(new NumberRange(number, false, number, false)))),
        table.Any(
            table.Types(JsonTypes.All & ~JsonTypes.Number),
            table.All(table.Types(JsonTypes.Number), table.Add(new NumberConstraint(new NumberRange(null, false, number, true)))),
            table.All(table.Types(JsonTypes.Number), table.Add(new NumberConstraint(new NumberRange(number, true, null, false))))));

    private static Rule List(JsonElement[] values, ConditionTable table)
    {
        Rule[] elements = [.. values.Select(v => Of(v, table))];
        Rule lengths = ContainerKeywords.Elements(table, values.Length, values.Length);
        Rule items = ContainerKeywords.Elements(table, elements, new Rule(table.True, table.False));
        Rule typed = Typed(JsonTypes.Array, table);
        return new Rule(table.All(typed.Holds, lengths.Holds, items.Holds), table.Any(typed.Fails, lengths.Fails, items.Fails));
    }

    private static Rule Members(JsonElement value, ConditionTable table)
    {
        Dictionary<string, Rule> members = new(StringComparer.Ordinal);
        foreach (JsonProperty member in value.EnumerateObject())
        {
            members[member.Name] = Of(member.Value, table);
        }

        Rule typed = Typed(JsonTypes.Object, table);
        Rule names = ContainerKeywords.Required(table, [.. members.Keys]);
        Rule values = ContainerKeywords.Members(table, members, [], new Rule(table.False, table.True));
        return new Rule(table.All(typed.Holds, names.Holds, values.Holds), table.Any(typed.Fails, names.Fails, values.Fails));
    }
}
