using System.Text.Json;
using LayerStream.Sampling.Grammars.Regular;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Json.Schemas;

/// <summary>What a keyword asks for, and its contrary.</summary>
internal readonly record struct Rule(Condition Holds, Condition Fails)
{
    /// <summary>The contrary.</summary>
    public Rule Not => new(Fails, Holds);
}

/// <summary>Reads the keywords of a schema; unknown ones say nothing, known ones without support are refused by name.</summary>
internal sealed class SchemaReader(SchemaDocument document, ConditionTable table, Func<Condition, Dfa> textsOf)
{
    private static readonly string[] s_refused = ["unevaluatedProperties", "unevaluatedItems"];
    private static readonly string[] s_dynamic = ["$dynamicRef", "$recursiveRef"];

    /// <summary>Everything the schema at a place asks for.</summary>
    /// <exception cref="GrammarException">A keyword has a value that it cannot have, or is not supported.</exception>
    public Rule Read(string place)
    {
        JsonElement element = document.At(place);
        if (element.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return element.ValueKind == JsonValueKind.True ? new Rule(table.True, table.False) : new Rule(table.False, table.True);
        }

        KeywordSource schema = element.ValueKind == JsonValueKind.Object
            ? new KeywordSource(element, place)
            : throw GrammarException.Syntax("schema", $"What stands at '{place}' is no schema.");
        List<Rule> rules = [];
        if (schema.Text("$ref") is { } reference)
        {
            string target = document.Resolve(reference, place);
            rules.Add(new Rule(table.Link(target, false), table.Link(target, true)));
            if (document.IsOld)
            {
                return All(rules);
            }
        }

        if (Array.Find(s_refused, schema.Has) is { } refused)
        {
            throw GrammarException.Unsupported(refused, $"The keyword '{refused}' at '{place}' is not supported.");
        }

        foreach (string keyword in s_dynamic)
        {
            if (schema.Text(keyword) is { } anchor)
            {
                rules.Add(Dynamic(keyword, anchor, place));
            }
        }

        rules.AddRange(ValueKeywords.Read(schema, table));
        rules.AddRange(new ContainerKeywords(schema, table, textsOf).Read());
        rules.AddRange(Combined(schema));
        return All(rules);
    }

    private Rule Dynamic(string keyword, string reference, string place)
    {
        string target = document.IsPlain(reference) ? document.Resolve(reference, place)
            : throw GrammarException.Unsupported(keyword, $"The keyword '{keyword}' at '{place}' may lead to several schemas.");
        return new Rule(table.Link(target, false), table.Link(target, true));
    }

    private IEnumerable<Rule> Combined(KeywordSource schema)
    {
        if (schema.List("allOf") is { } all)
        {
            yield return All([.. schema.Places("allOf", all).Select(p => Sub(table, p.Element, p.Place))]);
        }

        if (schema.List("anyOf") is { } any)
        {
            yield return Any([.. schema.Places("anyOf", any).Select(p => Sub(table, p.Element, p.Place))]);
        }

        if (schema.List("oneOf") is { } one)
        {
            yield return One([.. schema.Places("oneOf", one).Select(p => Sub(table, p.Element, p.Place))]);
        }

        if (schema.Sub("not", table) is Rule not)
        {
            yield return not.Not;
        }

        if (schema.Sub("if", table) is Rule condition)
        {
            Rule always = new(table.True, table.False);
            Rule then = schema.Sub("then", table) ?? always, otherwise = schema.Sub("else", table) ?? always;
            yield return All([Any([condition.Not, then]), Any([condition, otherwise])]);
        }
    }

    /// <summary>The rule of a schema at a place: a link, read when it is needed.</summary>
    public static Rule Sub(ConditionTable table, JsonElement element, string place) => element.ValueKind switch
    {
        JsonValueKind.True => new Rule(table.True, table.False),
        JsonValueKind.False => new Rule(table.False, table.True),
        JsonValueKind.Object when !element.EnumerateObject().Any() => new Rule(table.True, table.False),
        _ => new Rule(table.Link(place, false), table.Link(place, true)),
    };

    private Rule All(IReadOnlyList<Rule> rules) => new(table.All(rules.Select(r => r.Holds)), table.Any(rules.Select(r => r.Fails)));

    private Rule Any(IReadOnlyList<Rule> rules) => new(table.Any(rules.Select(r => r.Holds)), table.All(rules.Select(r => r.Fails)));

    private Rule One(IReadOnlyList<Rule> rules)
    {
        IEnumerable<Condition> pairs =
            from i in Enumerable.Range(0, rules.Count)
            from j in Enumerable.Range(0, i)
            select table.All(rules[i].Holds, rules[j].Holds);
        Condition none = table.All(rules.Select(r => r.Fails));
        return rules.Count == 1
            ? rules[0]
            : new Rule(table.Add(new OneCondition([.. rules.Select(r => (r.Holds, r.Fails))])), table.Any(pairs.Prepend(none)));
    }
}
