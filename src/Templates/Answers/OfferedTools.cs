using System.Text.Json;

namespace LayerStream.Templates.Answers;

/// <summary>What a schema lets a parameter be.</summary>
public enum ParameterKind
{
    /// <summary>The schema says nothing.</summary>
    Unknown,

    /// <summary>A string and nothing else.</summary>
    Text,

    /// <summary>Anything but a string.</summary>
    Json,

    /// <summary>A string or something else.</summary>
    Either,
}

/// <summary>The tools of a request: their names, and the kinds of their parameters.</summary>
public sealed class OfferedTools
{
    private const int MostHops = 32; // of references and alternatives in a schema

    private readonly Dictionary<string, JsonElement> _schemas = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<string, ParameterKind>> _tools = new(StringComparer.Ordinal);

    private static readonly string[] s_several = ["anyOf", "oneOf", "allOf"];

    /// <summary>No tools: nothing is a call.</summary>
    public static OfferedTools None { get; } = new();

    /// <summary>Names of the tools.</summary>
    public IReadOnlyCollection<string> Names => _tools.Keys;

    /// <summary>Adds a tool.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="parameters">JSON Schema of its arguments; undefined = not said.</param>
    public void Add(string name, JsonElement parameters)
    {
        Dictionary<string, ParameterKind> kinds = new(StringComparer.Ordinal);
        if (parameters.ValueKind == JsonValueKind.Object && parameters.TryGetProperty("properties", out JsonElement properties)
            && properties.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty property in properties.EnumerateObject())
            {
                int hops = MostHops;
                kinds[property.Name] = KindOf(property.Value, parameters, ref hops);
            }
        }

        _tools[name] = kinds;
        _schemas[name] = parameters.ValueKind == JsonValueKind.Undefined ? default : parameters.Clone();
    }

    /// <summary>Whether a tool of this name was offered.</summary>
    public bool Has(string name) => _tools.ContainsKey(name);

    /// <summary>What a parameter may be.</summary>
    public ParameterKind KindOf(string tool, string parameter) =>
        _tools.TryGetValue(tool, out Dictionary<string, ParameterKind>? kinds) ? kinds.GetValueOrDefault(parameter) : ParameterKind.Unknown;

    /// <summary>What a value inside of a parameter may be.</summary>
    /// <param name="tool">The tool.</param>
    /// <param name="path">Names of members from the parameter on; an element of a list is called item.</param>
    public ParameterKind KindOf(string tool, IReadOnlyList<string> path)
    {
        JsonElement root = _schemas.GetValueOrDefault(tool), at = root;
        int hops = MostHops;
        foreach (string name in path)
        {
            if (Inner(at, name, root, ref hops) is not { } inner)
            {
                return ParameterKind.Unknown;
            }

            at = inner;
        }

        return KindOf(at, root, ref hops);
    }

    // The schema of a member or an element.
    private static JsonElement? Inner(JsonElement schema, string name, JsonElement root, ref int hops)
    {
        if (schema.ValueKind != JsonValueKind.Object || --hops < 0)
        {
            return null;
        }

        if (schema.TryGetProperty("properties", out JsonElement members) && members.ValueKind == JsonValueKind.Object
            && members.TryGetProperty(name, out JsonElement member))
        {
            return member;
        }

        if (name == "item" && schema.TryGetProperty("items", out JsonElement items))
        {
            return items;
        }

        if (schema.TryGetProperty("$ref", out JsonElement reference) && reference.ValueKind == JsonValueKind.String)
        {
            return Resolve(reference.GetString()!, root) is { } target ? Inner(target, name, root, ref hops) : null;
        }

        foreach (string word in s_several)
        {
            if (schema.TryGetProperty(word, out JsonElement several) && several.ValueKind == JsonValueKind.Array)
            {
                foreach (JsonElement one in several.EnumerateArray())
                {
                    if (Inner(one, name, root, ref hops) is { } found)
                    {
                        return found;
                    }
                }
            }
        }

        return schema.TryGetProperty("additionalProperties", out JsonElement others) ? others : null;
    }

    private static ParameterKind KindOf(JsonElement schema, JsonElement root, ref int hops)
    {
        if (schema.ValueKind != JsonValueKind.Object || --hops < 0)
        {
            return ParameterKind.Unknown;
        }

        if (schema.TryGetProperty("$ref", out JsonElement reference) && reference.ValueKind == JsonValueKind.String)
        {
            return Resolve(reference.GetString()!, root) is { } target ? KindOf(target, root, ref hops) : ParameterKind.Unknown;
        }

        if (schema.TryGetProperty("type", out JsonElement type))
        {
            return type.ValueKind == JsonValueKind.Array
                ? type.EnumerateArray().Select(NamedKind).Aggregate(ParameterKind.Unknown, Join)
                : NamedKind(type);
        }

        foreach (string word in s_several)
        {
            if (schema.TryGetProperty(word, out JsonElement several) && several.ValueKind == JsonValueKind.Array)
            {
                ParameterKind joined = ParameterKind.Unknown;
                foreach (JsonElement one in several.EnumerateArray())
                {
                    joined = Join(joined, KindOf(one, root, ref hops));
                }

                return joined;
            }
        }

        return schema.TryGetProperty("enum", out JsonElement values) && values.ValueKind == JsonValueKind.Array
            ? values.EnumerateArray().Select(v => v.ValueKind == JsonValueKind.String ? ParameterKind.Text : ParameterKind.Json)
                .Aggregate(ParameterKind.Unknown, Join)
            : schema.TryGetProperty("const", out JsonElement value)
                ? value.ValueKind == JsonValueKind.String ? ParameterKind.Text : ParameterKind.Json
                : ParameterKind.Unknown;
    }

    private static ParameterKind NamedKind(JsonElement type) => type.ValueKind != JsonValueKind.String ? ParameterKind.Unknown
        : type.ValueEquals("string") ? ParameterKind.Text : ParameterKind.Json;

    private static ParameterKind Join(ParameterKind a, ParameterKind b) => a == ParameterKind.Unknown ? b
        : b == ParameterKind.Unknown || a == b ? a : ParameterKind.Either;

    // "#/$defs/name" and the like.
    private static JsonElement? Resolve(string reference, JsonElement root)
    {
        if (!reference.StartsWith("#/", StringComparison.Ordinal))
        {
            return null;
        }

        JsonElement at = root;
        foreach (string part in reference[2..].Split('/'))
        {
            string name = part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(name, out at))
            {
                return null;
            }
        }

        return at;
    }
}
