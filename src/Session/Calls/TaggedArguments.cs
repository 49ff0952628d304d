using System.Text.Json;
using System.Text.Json.Nodes;
using LayerStream.Sampling.Grammars;
using LayerStream.Templates.Answers;

namespace LayerStream.Session.Calls;

/// <summary>Arguments of a call with a tag around each: in the order of the schema, strings as they are, other values as JSON.</summary>
internal sealed class TaggedArguments(GrammarGraph graph, CallTags tags, TokenTexts texts, OfferedTools offered, CallableTool tool)
{
    private static readonly string[] s_plainKeywords = ["type", "properties", "required", "additionalProperties", "title", "description",
        "$schema", "$defs", "definitions", "$id", "$comment", "default", "examples"];
    private static readonly string[] s_textKeywords = ["type", "title", "description", "default", "examples", "$comment", "enum", "const"];

    private bool _isLoose;

    /// <summary>Adds arguments that meet the schema, as far as tags can say so.</summary>
    /// <returns>The first and the last piece, and whether something of the schema is not held to.</returns>
    /// <exception cref="Sampling.Grammars.States.GrammarException">The schema of a parameter cannot be taken.</exception>
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
            Parameter(property, last, behind);
            if (!required.Contains(property.Name))
            {
                graph.Link(last, behind);
            }

            last = behind;
        }

        return (first, last, _isLoose);
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

    private void Parameter(JsonProperty property, int before, int behind)
    {
        int key = Literal(tags.KeyOpen + property.Name);
        graph.Link(before, key);
        ParameterKind kind = offered.KindOf(tool.Name, property.Name);
        if (kind == ParameterKind.Text)
        {
            Text(property.Value, key, behind);
            return;
        }

        if (kind is ParameterKind.Json or ParameterKind.Either)
        {
            Json(property.Value, key, behind);
        }

        // A text that could be read as something else stands for both.
        if (kind is ParameterKind.Either or ParameterKind.Unknown)
        {
            _isLoose |= kind == ParameterKind.Unknown;
            Value(key, tags.TextKeyEnd, behind);
        }
    }

    private void Json(JsonElement schema, int key, int behind)
    {
        int value = graph.Add(Grammar.FromSchema(Sub(schema))), end = Literal(tags.ValueEnd);
        foreach (string keyEnd in tags.JsonKeyEnds)
        {
            Chain(key, Literal(keyEnd), value);
        }

        Chain(value, end, behind);
    }

    private void Text(JsonElement schema, int key, int behind)
    {
        string[]? choices = schema.ValueKind != JsonValueKind.Object ? null
            : schema.TryGetProperty("const", out JsonElement only) && only.ValueKind == JsonValueKind.String ? [only.GetString()!]
            : schema.TryGetProperty("enum", out JsonElement several) && several.ValueKind == JsonValueKind.Array
                ? [.. several.EnumerateArray().Where(v => v.ValueKind == JsonValueKind.String).Select(v => v.GetString()!)] : null;
        _isLoose |= schema.ValueKind != JsonValueKind.Object || schema.EnumerateObject().Any(m => !s_textKeywords.Contains(m.Name));
        if (choices is null or [])
        {
            Value(key, tags.TextKeyEnd, behind);
            return;
        }

        int begin = Literal(tags.TextKeyEnd), end = Literal(tags.ValueEnd);
        graph.Link(key, begin);
        foreach (string choice in choices)
        {
            int value = Literal(choice);
            Chain(begin, value, end);
        }

        graph.Link(end, behind);
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

    // References lead to the definitions at the root.
    private JsonElement Sub(JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object)
        {
            return schema.Clone();
        }

        JsonObject copy = JsonObject.Create(schema.Clone())!;
        foreach (string name in (string[])["$schema", "$defs", "definitions"])
        {
            if (tool.Parameters.TryGetProperty(name, out JsonElement shared) && !copy.ContainsKey(name))
            {
                copy[name] = JsonNode.Parse(shared.GetRawText());
            }
        }

        return JsonSerializer.SerializeToElement(copy);
    }

    private int Literal(string text) => graph.AddLiteral(texts.WithMarks(text));

    private void Chain(int first, int second, int third)
    {
        graph.Link(first, second);
        graph.Link(second, third);
    }
}
