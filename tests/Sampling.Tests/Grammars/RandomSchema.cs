using System.Text.Json.Nodes;

namespace LayerStream.Sampling.Tests.Grammars;

/// <summary>Schemas of the keywords that clients use, drawn at random; values that meet them are small.</summary>
internal sealed class RandomSchema(Random random)
{
    private static readonly string[] s_patterns =
        ["^[a-z]{1,6}$", "^[0-9]{3}-[0-9]{2}$", "^(foo|bar)+$", "[aeiou]", "^[a-f\"\\\\]{2,8}$", "^é?[à-ÿ]{1,3}$"];
    private static readonly string[] s_formats = ["uuid", "ipv4"];
    private static readonly string[] s_names = ["id", "name", "a b", "ünï", "list", "q\"t"];

    public JsonObject Next()
    {
        JsonObject schema = Value(3);
        schema["$defs"] = new JsonObject
        {
            ["node"] = JsonNode.Parse("""
                {"type":"object","properties":{"value":{"type":"integer","minimum":-5,"maximum":120},
                "next":{"anyOf":[{"type":"null"},{"type":"null"},{"$ref":"#/$defs/node"}]}},"required":["value","next"],
                "additionalProperties":false}
                """),
        };
        return schema;
    }

    private JsonObject Value(int depth) => random.Next(depth > 0 ? 15 : 8) switch
    {
        0 => Integer(),
        1 => Number(),
        2 => Text(),
        3 => new() { ["type"] = "string", ["pattern"] = Pick(s_patterns) },
        4 => new() { ["type"] = "string", ["format"] = Pick(s_formats) },
        5 => new() { ["enum"] = new JsonArray(1, "one", null, true, new JsonArray(1, 2), new JsonObject { ["k"] = 1.5 }) },
        6 => new() { ["const"] = Literal() },
        7 => new() { ["type"] = new JsonArray("boolean", "null") },
        8 or 9 => List(depth),
        10 or 11 => Members(depth),
        12 => new() { ["anyOf"] = new JsonArray(Value(depth - 1), Value(depth - 1), Value(depth - 1)) },
        13 => random.Next(2) == 0
            ? new() { ["oneOf"] = new JsonArray(Value(depth - 1), Value(depth - 1)) }
            : new() { ["allOf"] = new JsonArray(Members(depth, isOpen: true), Members(depth, isOpen: true)), ["maxProperties"] = 5 },
        _ => new() { ["$ref"] = "#/$defs/node" },
    };

    private JsonObject Integer()
    {
        int low = random.Next(-300, 300);
        JsonObject schema = new() { ["type"] = "integer" };
        if (random.Next(4) > 0)
        {
            schema[random.Next(2) == 0 ? "minimum" : "exclusiveMinimum"] = low;
            schema[random.Next(2) == 0 ? "maximum" : "exclusiveMaximum"] = low + random.Next(3, 400);
        }

        if (random.Next(4) == 0)
        {
            schema["multipleOf"] = random.Next(1, 3);
        }

        return schema;
    }

    private JsonObject Number() => random.Next(3) switch
    {
        0 => new() { ["type"] = "number", ["minimum"] = -1_000, ["maximum"] = 1_000 },
        1 => new() { ["type"] = "number", ["minimum"] = -1.5, ["exclusiveMaximum"] = 2.25 },
        _ => new() { ["type"] = "number", ["minimum"] = 0, ["maximum"] = 10, ["multipleOf"] = 0.25 },
    };

    // The reference counts text elements, of which there are never more than code points.
    private JsonObject Text() => new() { ["type"] = "string", ["maxLength"] = random.Next(15) };

    private JsonObject List(int depth)
    {
        int least = random.Next(3);
        JsonObject schema = new()
        {
            ["type"] = "array",
            ["items"] = Value(depth - 1),
            ["minItems"] = least,
            ["maxItems"] = least + random.Next(3),
        };
        if (random.Next(4) == 0)
        {
            schema["items"] = random.Next(2) == 0 ? Value(0) : new JsonObject { ["enum"] = new JsonArray("a", "ab", 1, 10, true) };
            schema["uniqueItems"] = true;
        }
        else if (random.Next(3) == 0)
        {
            schema["prefixItems"] = new JsonArray(Value(depth - 1), Value(0));
        }

        if (random.Next(5) == 0 && schema["uniqueItems"] is null)
        {
            schema["contains"] = new JsonObject { ["type"] = new JsonArray("integer", "string") };
            schema["minContains"] = 0;
            schema["maxContains"] = 2;
        }

        return schema;
    }

    private JsonObject Members(int depth, bool isOpen = false)
    {
        JsonObject properties = [];
        JsonArray required = [];
        foreach (string name in s_names.Where(_ => random.Next(3) == 0))
        {
            properties[name] = Value(depth - 1);
            if (random.Next(2) == 0)
            {
                required.Add(name);
            }
        }

        JsonObject schema = new() { ["type"] = "object", ["properties"] = properties, ["required"] = required };
        if (!isOpen)
        {
            schema["additionalProperties"] = random.Next(4) == 0 ? Value(0) : false;
            schema["maxProperties"] = properties.Count + 1;
        }

        return schema;
    }

    private JsonNode? Literal() => random.Next(5) switch
    {
        0 => -0.5,
        1 => "a\"b\\c\n☃",
        2 => new JsonArray(null, "x"),
        3 => new JsonObject { ["x"] = 1, ["y"] = new JsonArray() },
        _ => false,
    };

    private string Pick(string[] from) => from[random.Next(from.Length)];
}
