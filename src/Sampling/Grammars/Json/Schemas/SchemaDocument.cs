using System.Globalization;
using System.Text.Json;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Json.Schemas;

/// <summary>A schema with its addresses: places are JSON pointers from the root, identifiers and anchors lead to them.</summary>
internal sealed class SchemaDocument
{
    private const string RootAddress = "http://schema.invalid/";

    private static readonly string[] s_single =
    [
        "additionalProperties", "items", "additionalItems", "contains", "not", "if", "then", "else", "propertyNames", "contentSchema",
        "unevaluatedItems", "unevaluatedProperties",
    ];

    private static readonly string[] s_lists = ["allOf", "anyOf", "oneOf", "prefixItems", "items"];
    private static readonly string[] s_maps =
        ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"];

    private readonly Dictionary<string, JsonElement> _elements = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _bases = new(StringComparer.Ordinal); // place → address of the resource it stands in
    private readonly Dictionary<string, int> _dynamic = new(StringComparer.Ordinal); // dynamic anchors by name, how many
    private readonly Dictionary<string, string> _places = new(StringComparer.Ordinal); // address, or address#anchor → place

    /// <summary>Indexes a schema.</summary>
    /// <exception cref="GrammarException">Its dialect is unknown, or it is nested too deeply.</exception>
    public SchemaDocument(JsonElement root)
    {
        CheckTexts(root);
        IsOld = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("$schema", out JsonElement dialect) && Dialect(dialect);
        _elements[""] = root;
        _bases[""] = RootAddress;
        _places[RootAddress] = "";
        Index(root, "", RootAddress, 0);
    }

    /// <summary>Whether a reference stands alone, as up to draft 7.</summary>
    public bool IsOld { get; }

    /// <summary>The schema at a place.</summary>
    public JsonElement At(string place) => Element(place);

    /// <summary>The place that a reference at another place leads to.</summary>
    /// <exception cref="GrammarException">It leads out of the schema, or nowhere.</exception>
    public string Resolve(string reference, string from)
    {
        int mark = reference.IndexOf('#', StringComparison.Ordinal);
        string address = mark < 0 ? reference : reference[..mark];
        string fragment = mark < 0 ? "" : Uri.UnescapeDataString(reference[(mark + 1)..]);
        string resource = address.Length == 0 ? BaseOf(from) : Join(BaseOf(from), address);
        if (fragment.Length > 0 && fragment[0] != '/')
        {
            return _places.TryGetValue($"{resource}#{fragment}", out string? anchored) ? anchored : throw Unknown(reference, resource);
        }

        return _places.TryGetValue(resource, out string? place) ? Walk(place, fragment, reference) : throw Unknown(reference, resource);
    }

    // Texts are turned into UTF-8, which half of a surrogate pair is not.
    private static void CheckTexts(JsonElement root)
    {
        string text = root.GetRawText();
        for (int i = 0; i + 1 < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                continue;
            }

            int unit = UnitAt(text, i);
            if (char.IsLowSurrogate((char)unit) || (char.IsHighSurrogate((char)unit) && !char.IsLowSurrogate((char)UnitAt(text, i + 6))))
            {
                throw GrammarException.Syntax("schema", $"The schema has half of a surrogate pair at character {i}.");
            }

            i += unit == 0 ? 1 : char.IsHighSurrogate((char)unit) ? 11 : 5;
        }
    }

    // The code unit of an escape with four digits at a place; 0 = there is none.
    private static int UnitAt(string text, int at) => at + 6 <= text.Length && text[at] == '\\' && text[at + 1] == 'u'
        && int.TryParse(text.AsSpan(at + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int unit) ? unit : 0;

    /// <summary>Whether a dynamic reference can lead to one place only, as a reference of the plain kind does.</summary>
    public bool IsPlain(string reference) =>
        _dynamic.GetValueOrDefault(reference[(reference.IndexOf('#', StringComparison.Ordinal) + 1)..]) <= 1;

    private static bool Dialect(JsonElement dialect)
    {
        string name = dialect.ValueKind == JsonValueKind.String ? dialect.GetString()!.TrimEnd('#').Replace("https:", "http:",
            StringComparison.Ordinal) : "";
        return name switch
        {
            "http://json-schema.org/draft/2020-12/schema" or "http://json-schema.org/draft/2019-09/schema" => false,
            "http://json-schema.org/draft-07/schema" or "http://json-schema.org/draft-06/schema" or "http://json-schema.org/draft-04/schema"
                or "http://json-schema.org/schema" => true,
            _ => throw GrammarException.Unsupported(
                "$schema", $"The dialect '{name}' is not supported; drafts 4 to 7, 2019-09 and 2020-12 are."),
        };
    }

    private GrammarException Unknown(string reference, string resource) => resource.StartsWith(RootAddress, StringComparison.Ordinal)
        || _places.ContainsKey(resource)
        ? GrammarException.Syntax("$ref", $"The reference '{reference}' leads nowhere in this schema.")
        : GrammarException.Unsupported("$ref", $"The reference '{reference}' leads out of the schema; remote references are not followed.");

    private void Index(JsonElement schema, string place, string address, int depth)
    {
        if (depth > GrammarLimits.Nesting)
        {
            throw GrammarException.Limit("nesting", $"The schema is nested more than {GrammarLimits.Nesting} deep.");
        }

        if (schema.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        bool hasSiblings = !IsOld || !schema.TryGetProperty("$ref", out _);
        if (hasSiblings && TextOf(schema, "$id") is { } id)
        {
            address = Identify(id, place, address);
        }

        _bases[place] = address;
        foreach (string anchor in new[] { "$anchor", "$dynamicAnchor" })
        {
            if (TextOf(schema, anchor) is { } name)
            {
                _places[$"{address}#{name}"] = place;
                _dynamic[name] = _dynamic.GetValueOrDefault(name) + (anchor == "$dynamicAnchor" ? 1 : 0);
            }
        }

        if (schema.TryGetProperty("$recursiveAnchor", out JsonElement recursive) && recursive.ValueKind == JsonValueKind.True)
        {
            _dynamic[""] = _dynamic.GetValueOrDefault("") + 1;
        }

        foreach (JsonProperty member in schema.EnumerateObject())
        {
            string inner = $"{place}/{Escape(member.Name)}";
            if (s_maps.Contains(member.Name) && member.Value.ValueKind == JsonValueKind.Object)
            {
                foreach (JsonProperty entry in member.Value.EnumerateObject())
                {
                    Index(entry.Value, $"{inner}/{Escape(entry.Name)}", address, depth + 1);
                }
            }
            else if (s_lists.Contains(member.Name) && member.Value.ValueKind == JsonValueKind.Array)
            {
                int number = 0;
                foreach (JsonElement entry in member.Value.EnumerateArray())
                {
                    Index(entry, $"{inner}/{number++}", address, depth + 1);
                }
            }
            else if (s_single.Contains(member.Name))
            {
                Index(member.Value, inner, address, depth + 1);
            }
        }
    }

    private string Identify(string id, string place, string address)
    {
        if (id.StartsWith('#'))
        {
            _places[$"{address}{id}"] = place;
            return address;
        }

        string own = Join(address, id.TrimEnd('#'));
        _places[own] = place;
        return own;
    }

    private string Walk(string place, string pointer, string reference)
    {
        foreach (string token in pointer.Split('/').Skip(1))
        {
            JsonElement element = Element(place);
            string name = Unescape(token);
            JsonElement next = default;
            bool isThere = element.ValueKind == JsonValueKind.Object
                ? element.TryGetProperty(name, out next) : Finds(element, name, out next);
            place = isThere ? $"{place}/{Escape(name)}"
                : throw GrammarException.Syntax("$ref", $"The reference '{reference}' leads nowhere in this schema.");
            _elements[place] = next;
        }

        return place;
    }

    private static bool Finds(JsonElement list, string number, out JsonElement element)
    {
        bool isThere = list.ValueKind == JsonValueKind.Array
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < list.GetArrayLength();
        element = isThere ? list[int.Parse(number, CultureInfo.InvariantCulture)] : default;
        return isThere;
    }

    private JsonElement Element(string place)
    {
        if (_elements.TryGetValue(place, out JsonElement known))
        {
            return known;
        }

        JsonElement element = _elements[""];
        foreach (string token in place.Split('/').Skip(1))
        {
            element = element.ValueKind == JsonValueKind.Array ? element[int.Parse(token, CultureInfo.InvariantCulture)]
                : element.GetProperty(Unescape(token));
        }

        return _elements[place] = element;
    }

    private string BaseOf(string place)
    {
        while (true)
        {
            if (_bases.TryGetValue(place, out string? address))
            {
                return address;
            }

            place = place[..place.LastIndexOf('/')];
        }
    }

    private static string Join(string address, string part)
    {
        if (Uri.TryCreate(part, UriKind.Absolute, out Uri? whole) && !part.StartsWith('/'))
        {
            return whole.AbsoluteUri;
        }

        return Uri.TryCreate(address, UriKind.Absolute, out Uri? root) && Uri.TryCreate(root, part, out Uri? joined)
            ? joined.AbsoluteUri : part;
    }

    private static string? TextOf(JsonElement schema, string name) =>
        schema.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>A name as a pointer writes it.</summary>
    public static string Escape(string name) =>
        name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    private static string Unescape(string token) =>
        token.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
}
