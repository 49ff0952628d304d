using System.Text.Json;
using System.Text.Json.Nodes;
using LayerStream.Sampling.Grammars;
using LayerStream.Sampling.Grammars.States;
using LayerStream.Sampling.Grammars.Translated;
using LayerStream.Templates.Answers;

namespace LayerStream.Session.Calls;

/// <summary>Arguments of a call with a tag around each: in the order of the schema, strings as they are, other values as JSON.</summary>
internal sealed class TaggedArguments(GrammarGraph graph, CallTags tags, TokenTexts texts, OfferedTools offered, CallableTool tool)
{
    private static readonly string[] s_plainKeywords = ["type", "properties", "required", "additionalProperties", "title", "description",
        "$schema", "$defs", "definitions", "$id", "$comment", "default", "examples"];

    // What a reader takes for JSON where a schema allows texts and other values.
    private const string OtherValues = """{"not":{"type":"string"}}""";
    private const string PlainTexts = """
        {"type":"string","not":{"pattern":"^\\s*(-?\\d+(\\.\\d+)?([eE][+-]?\\d+)?|true|false|null|True|False|None|[\\[{(](.|\\n)*)\\s*$"}}
        """;

    private readonly bool _isTold = !tags.JsonKeyEnds.Contains(tags.TextKeyEnd); // the tags say what is a text

    /// <summary>Adds arguments that meet the schema; any where the schema itself says more than what its members are.</summary>
    /// <returns>The first and the last piece, and whether something of the schema is not held to.</returns>
    /// <exception cref="GrammarException">The schema of a parameter cannot be taken.</exception>
    public (int First, int Last, bool IsLoose) Add()
    {
        JsonElement schema = tool.Parameters;
        if (schema.ValueKind != JsonValueKind.Object || schema.EnumerateObject().Any(m => !s_plainKeywords.Contains(m.Name))
            || !schema.TryGetProperty("properties", out JsonElement properties) || properties.ValueKind != JsonValueKind.Object)
        {
            return AddLoose();
        }

        HashSet<string> required = schema.TryGetProperty("required", out JsonElement names) && names.ValueKind == JsonValueKind.Array
            ? [.. names.EnumerateArray().Where(n => n.ValueKind == JsonValueKind.String).Select(n => n.GetString()!)] : [];
        int first = Literal(""), last = first;
        foreach (JsonProperty property in properties.EnumerateObject())
        {
            int behind = Literal("");
            bool isThere = Parameter(property, last, behind);
            if (!required.Contains(property.Name))
            {
                graph.Link(last, behind);
            }
            else if (!isThere)
            {
                throw new GrammarException(GrammarFault.Empty, "properties", $"No value meets the schema of '{property.Name}'.");
            }

            last = behind;
        }

        return (first, last, false);
    }

    /// <summary>Adds any parameters.</summary>
    public (int First, int Last, bool IsLoose) AddLoose()
    {
        int first = Literal(""), key = Literal(tags.KeyOpen), name = graph.Add(Grammar.FromRegex("[^<>\"'&\\n|]{1,64}"));
        graph.Link(first, key);
        graph.Link(key, name);
        foreach (string end in tags.JsonKeyEnds.Append(tags.TextKeyEnd).Distinct())
        {
            Value(name, end, first);
        }

        return (first, first, true);
    }

    // False when no value can be written.
    private bool Parameter(JsonProperty property, int before, int behind)
    {
        const string AnyText = """{"type":"string"}""";
        ParameterKind kind = offered.KindOf(tool.Name, property.Name);
        bool isMixed = kind is ParameterKind.Either or ParameterKind.Unknown;
        Grammar? json = kind == ParameterKind.Text ? null : Sub(property.Value, isMixed ? OtherValues : "{}");
        Grammar? text = kind == ParameterKind.Json ? null : Sub(property.Value, isMixed && !_isTold ? PlainTexts : AnyText);
        if (json is null && text is null)
        {
            return false;
        }

        int key = Literal(tags.KeyOpen + property.Name);
        graph.Link(before, key);
        if (json is not null)
        {
            int value = graph.Add(json), end = Literal(tags.ValueEnd);
            foreach (string keyEnd in tags.JsonKeyEnds)
            {
                Chain(key, Literal(keyEnd), value);
            }

            Chain(value, end, behind);
        }

        if (text is not null)
        {
            int rest = tags.ValueEnd.TrimEnd().Length, begin = Literal(tags.TextKeyEnd), end = Literal(tags.ValueEnd[rest..]);
            graph.Link(key, begin);
            Chain(begin, graph.Add(text, ArgumentSyntax.RawText(texts.WithMarks(tags.ValueEnd[..rest]))), end);
            graph.Link(end, behind);
        }

        return true;
    }

    // Any text up to the end of the value. White space around its mark is no part of it, so that no value holds the mark.
    private void Value(int key, string keyEnd, int behind)
    {
        string mark = tags.ValueEnd.Trim();
        int begin = Literal(keyEnd), value = graph.AddUntil([texts.WithMarks(mark)], 0, isText: true);
        int rest = Literal(tags.ValueEnd[(tags.ValueEnd.IndexOf(mark, StringComparison.Ordinal) + mark.Length)..]);
        graph.Link(key, begin);
        Chain(begin, value, rest);
        graph.Link(rest, behind);
    }

    // A parameter's values that meet something else, too; null when there are none. References lead to the definitions at the root.
    private Grammar? Sub(JsonElement schema, string also)
    {
        JsonObject joined = new() { ["allOf"] = new JsonArray(JsonNode.Parse(schema.GetRawText()), JsonNode.Parse(also)) };
        foreach (string name in (string[])["$schema", "$id", "$defs", "definitions"])
        {
            if (tool.Parameters.TryGetProperty(name, out JsonElement shared))
            {
                joined[name] = JsonNode.Parse(shared.GetRawText());
            }
        }

        try
        {
            return Grammar.FromSchema(JsonSerializer.SerializeToElement(joined));
        }
        catch (GrammarException e) when (e.Fault == GrammarFault.Empty)
        {
            return null;
        }
    }

    private int Literal(string text) => graph.AddLiteral(texts.WithMarks(text));

    private void Chain(int first, int second, int third)
    {
        graph.Link(first, second);
        graph.Link(second, third);
    }
}
