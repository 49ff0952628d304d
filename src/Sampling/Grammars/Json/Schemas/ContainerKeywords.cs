using System.Text.Json;
using LayerStream.Sampling.Grammars.Regular;

namespace LayerStream.Sampling.Grammars.Json.Schemas;

/// <summary>Keywords about arrays and objects.</summary>
internal sealed class ContainerKeywords(KeywordSource schema, ConditionTable table, Func<Condition, Dfa> textsOf)
{
    private readonly Rule _always = new(table.True, table.False);

    /// <summary>Rules of the keywords that are there.</summary>
    public IEnumerable<Rule> Read() => Arrays().Concat(Contains()).Concat(Objects()).Concat(Dependencies());

    /// <summary>At least and at most so many elements.</summary>
    public static Rule Elements(ConditionTable table, int least, int? most)
    {
        List<Condition> fails = [];
        if (least > 0)
        {
            fails.Add(Array(table, new([], table.True, most: least - 1)));
        }

        if (most is < int.MaxValue)
        {
            fails.Add(Array(table, new([], table.True, least: most.Value + 1)));
        }

        return new Rule(table.Add(new ArrayConstraint([], table.True, least, most)), table.Any(fails));
    }

    /// <summary>Rules of the first elements, and of the others.</summary>
    public static Rule Elements(ConditionTable table, Rule[] prefix, Rule rest)
    {
        List<Condition> fails = [];
        for (int i = 0; i < prefix.Length; i++)
        {
            fails.Add(Array(table, new([prefix[i].Fails], table.True, least: i + 1) { Free = i }));
        }

        if (rest.Fails != table.False)
        {
            fails.Add(Array(table, new([], table.True, containment: new(prefix.Length, rest.Fails, rest.Holds, 1, null))));
        }

        return new Rule(table.Add(new ArrayConstraint([.. prefix.Select(p => p.Holds)], rest.Holds)), table.Any(fails));
    }

    /// <summary>Members of these names are there.</summary>
    public static Rule Required(ConditionTable table, IReadOnlyList<string> names) => names.Count == 0
        ? new Rule(table.True, table.False)
        : new Rule(
            table.Add(new ObjectConstraint(table.True) { Required = names }),
            table.Any(names.Select(n => table.All(table.Types(JsonTypes.Object), Lacks(table, n)))));

    /// <summary>Rules of members by name, by pattern, and of the others.</summary>
    public static Rule Members(
        ConditionTable table, IReadOnlyDictionary<string, Rule> names, IReadOnlyList<(Dfa Names, Rule Value)> patterns, Rule rest)
    {
        List<Condition> fails = [.. names.Select(n => Object(table, new(table.True)
        {
            Names = new Dictionary<string, Condition>(StringComparer.Ordinal) { [n.Key] = n.Value.Fails },
            Required = [n.Key],
        }))];
        fails.AddRange(patterns.Select(p => Object(table, new(table.True) { Presence = new(p.Names, p.Value.Fails) })));
        if (rest.Fails != table.False)
        {
            List<(Dfa, bool)> others = [.. patterns.Select(p => (p.Names, true))];
            if (names.Count > 0)
            {
                others.Add((Dfa.Of(new PatternChoice([.. names.Keys.Select(PatternNode.Literal)])), true));
            }

            fails.Add(Object(table, new(table.True) { Presence = new(Dfa.Intersect(others), rest.Fails) }));
        }

        return new Rule(
            table.Add(new ObjectConstraint(rest.Holds)
            {
                Names = names.ToDictionary(n => n.Key, n => n.Value.Holds, StringComparer.Ordinal),
                Patterns = [.. patterns.Select(p => (p.Names, p.Value.Holds))],
            }),
            table.Any(fails));
    }

    private IEnumerable<Rule> Arrays()
    {
        bool isListed = schema.Value("items") is { ValueKind: JsonValueKind.Array };
        string prefixName = isListed ? "items" : "prefixItems";
        Rule[] prefix = schema.Value(prefixName) is { ValueKind: JsonValueKind.Array } list
            ? [.. schema.Places(prefixName, list).Select(p => SchemaReader.Sub(table, p.Element, p.Place))]
            : [];
        Rule rest = (isListed ? schema.Sub("additionalItems", table) : schema.Sub("items", table)) ?? _always;
        if (prefix.Length > 0 || rest != _always)
        {
            yield return Elements(table, prefix, rest);
        }

        if (schema.Count("minItems") is > 0 and int least)
        {
            yield return Elements(table, least, null);
        }

        if (schema.Count("maxItems") is int most)
        {
            yield return Elements(table, 0, most);
        }

        if (schema.Value("uniqueItems") is { ValueKind: JsonValueKind.True })
        {
            yield return new Rule(
                table.Add(new ArrayConstraint([], table.True) { IsUnique = true }),
                table.Add(new RefusedCondition("uniqueItems", $"That the keyword 'uniqueItems' at '{schema.Place}' does not hold cannot be "
                    + "asked for.")));
        }
    }

    private IEnumerable<Rule> Contains()
    {
        if (schema.Sub("contains", table) is not Rule rule)
        {
            yield break;
        }

        int least = schema.Count("minContains") ?? 1;
        int? most = schema.Count("maxContains");
        List<Condition> fails = [];
        if (least > 0)
        {
            fails.Add(Array(table, new([], table.True, containment: new(0, rule.Holds, rule.Fails, 0, least - 1))));
        }

        if (most is < int.MaxValue)
        {
            fails.Add(Array(table, new([], table.True, containment: new(0, rule.Holds, rule.Fails, most.Value + 1, null))));
        }

        Containment containment = new(0, rule.Holds, rule.Fails, least, most);
        yield return new Rule(
            fails.Count == 0 ? table.True : table.Add(new ArrayConstraint([], table.True, containment: containment)), table.Any(fails));
    }

    private IEnumerable<Rule> Objects()
    {
        Dictionary<string, Rule> names = new(StringComparer.Ordinal);
        foreach (JsonProperty entry in schema.Map("properties"))
        {
            names[entry.Name] = schema.Sub("properties", entry, table);
        }

        List<(Dfa, Rule)> patterns = [.. schema.Map("patternProperties").Select(entry =>
            (table.Texts(entry.Name, isWhole: false), schema.Sub("patternProperties", entry, table)))];
        Rule rest = schema.Sub("additionalProperties", table) ?? _always;
        if (names.Count > 0 || patterns.Count > 0 || rest != _always)
        {
            yield return Members(table, names, patterns, rest);
        }

        if (schema.Value("required") is JsonElement required && required.ValueKind == JsonValueKind.Array)
        {
            yield return Required(table, [.. schema.Texts("required", required).Distinct(StringComparer.Ordinal)]);
        }

        if (schema.Sub("propertyNames", table) is Rule named && named != _always)
        {
            Dfa refused = Dfa.Intersect([(textsOf(named.Holds), true)]);
            yield return Members(table, new Dictionary<string, Rule>(), [(refused, new Rule(table.False, table.True))], _always);
        }

        if (schema.Count("minProperties") is > 0 and int least)
        {
            yield return new Rule(Add(new(table.True) { Least = least }), Object(table, new(table.True) { Most = least - 1 }));
        }

        if (schema.Count("maxProperties") is < int.MaxValue and int most)
        {
            yield return new Rule(Add(new(table.True) { Most = most }), Object(table, new(table.True) { Least = most + 1 }));
        }
    }

    private IEnumerable<Rule> Dependencies()
    {
        foreach (string keyword in new[] { "dependentRequired", "dependentSchemas", "dependencies" })
        {
            foreach (JsonProperty entry in schema.Map(keyword))
            {
                Rule needed = entry.Value.ValueKind == JsonValueKind.Array
                    ? Required(table, schema.Texts(keyword, entry.Value))
                    : schema.Sub(keyword, entry, table);
                Condition has = Object(table, new(table.True) { Required = [entry.Name] });
                yield return new Rule(table.Any(Lacks(table, entry.Name), needed.Holds), table.All(has, needed.Fails));
            }
        }
    }

    private Condition Add(ObjectConstraint constraint) => table.Add(constraint);

    private static ObjectConstraint Lacks(ConditionTable table, string name) => table.Add(new ObjectConstraint(table.True)
    {
        Names = new Dictionary<string, Condition>(StringComparer.Ordinal) { [name] = table.False },
    });

    private static Condition Array(ConditionTable table, ArrayConstraint constraint) =>
        table.All(table.Types(JsonTypes.Array), table.Add(constraint));

    private static Condition Object(ConditionTable table, ObjectConstraint constraint) =>
        table.All(table.Types(JsonTypes.Object), table.Add(constraint));
}
