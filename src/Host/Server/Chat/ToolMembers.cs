using System.Text.Json;
using LayerStream.Host.Server.Http;
using LayerStream.Session.Calls;
using LayerStream.Templates.Answers;

namespace LayerStream.Host.Server.Chat;

/// <summary>The members of a request that speak of tools. Errors: <see cref="ApiException"/> 400 naming the member.</summary>
internal static class ToolMembers
{
    private const int MostTools = 1024;
    private const int LongestName = 128;

    /// <summary>Takes the functions of a list over. A tool of another type is one that the client runs elsewhere: it is left out and named
    /// in the answer's headers.</summary>
    public static void Read(ChatRequest request, JsonElement value, string name)
    {
        if (ParameterValues.List(value, name) > MostTools)
        {
            throw ApiException.Invalid(name, $"'{name}' may hold at most {MostTools} tools", "out_of_range");
        }

        OfferedTools tools = new();
        List<JsonElement> kept = [];
        int index = 0;
        foreach (JsonElement tool in value.EnumerateArray())
        {
            string place = $"{name}[{index++}]";
            if (tool.ValueKind != JsonValueKind.Object)
            {
                throw ApiException.Invalid(place, $"'{place}' must be an object", "invalid_type");
            }

            string type = tool.TryGetProperty("type", out JsonElement t) && t.ValueKind == JsonValueKind.String
                ? JsonFields.Text(t, place + ".type") : "function";
            if (type != "function")
            {
                request.SkippedTools.Add(type.Length <= LongestName && type.All(c => c is > ' ' and <= '~') ? type : "unknown");
                continue;
            }

            if (!tool.TryGetProperty("function", out JsonElement function) || function.ValueKind != JsonValueKind.Object)
            {
                throw ApiException.Invalid(place + ".function", $"'{place}.function' must be an object", "missing_parameter");
            }

            string called = NameOf(function, place + ".function");
            JsonElement schema = Schema(function, place + ".function.parameters");
            bool isStrict = function.TryGetProperty("strict", out JsonElement s) && s.ValueKind != JsonValueKind.Null
                && JsonFields.Flag(s, place + ".function.strict");
            tools.Add(called, schema);
            request.CallableTools.RemoveAll(t => t.Name == called);
            request.CallableTools.Add(new CallableTool(called, schema, isStrict));
            kept.Add(tool);
        }

        request.Tools = tools;
        request.ToolList = kept;
    }

    /// <summary>none, auto, required, or a function by its name.</summary>
    public static void ReadChoice(ChatRequest request, JsonElement value, string name)
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            request.ToolChoice = Demand(JsonFields.Text(value, name), name);
            return;
        }

        string word = JsonParts.Find(value, "type") is { } type ? JsonFields.Text(type, name + ".type") : "function";
        switch (word)
        {
            case "allowed_tools":
                ReadAllowed(request, JsonParts.Find(value, "allowed_tools") ?? value, name);
                return;
            case "none" or "auto" or "required" or "any":
                request.ToolChoice = Demand(word, name);
                return;
            case "function" when JsonParts.Find(value, "function") is { ValueKind: JsonValueKind.Object } function:
                (request.ToolChoice, request.DemandedTool) = (ToolDemand.Named, NameOf(function, name + ".function"));
                return;
            default:
                throw ApiException.Invalid(name,
                    $"'{name}' must be none, auto, required or {{\"type\":\"function\",\"function\":{{\"name\":…}}}}", "invalid_type");
        }
    }

    private static ToolDemand Demand(string word, string name) => word switch
    {
        "none" => ToolDemand.None,
        "auto" => ToolDemand.Auto,
        "required" or "any" => ToolDemand.Required,
        _ => throw ApiException.Invalid(name, $"'{name}' must be none, auto, required or a function", "invalid_value"),
    };

    // Those of the tools that may be called this time; tools that a client runs elsewhere are none of ours.
    private static void ReadAllowed(ChatRequest request, JsonElement value, string name)
    {
        request.ToolChoice = Demand(JsonParts.RequireText(value, "mode", name), name + ".mode");
        JsonElement tools = JsonParts.Find(value, "tools") ?? throw ApiException.Invalid(name + ".tools", $"'{name}.tools' is missing",
            "missing_parameter");
        request.AllowedTools = JsonParts.Items(tools, name + ".tools")
            .Where(t => JsonParts.Text(t.Item, "type", t.Place) is null or "function")
            .Select(t => NameOf(JsonParts.Find(t.Item, "function") ?? t.Item, t.Place)).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Whether demands and tools go together.</summary>
    public static void CheckTogether(ChatRequest request)
    {
        if (request.AllowedTools is { } allowed)
        {
            Restrict(request, allowed);
        }

        bool isDemanded = request.ToolChoice is ToolDemand.Required or ToolDemand.Named;
        if (isDemanded && request.Tools.Names.Count == 0)
        {
            throw ApiException.Invalid("tool_choice", "'tool_choice' demands a call, and there are no tools", "conflicting_parameters");
        }

        if (request.ToolChoice == ToolDemand.Named && !request.Tools.Has(request.DemandedTool))
        {
            throw ApiException.Invalid("tool_choice", $"'tool_choice' names '{request.DemandedTool}', which is not among 'tools'",
                "invalid_value");
        }

        if (request.ToolChoice == ToolDemand.Named)
        {
            request.CallableTools.RemoveAll(t => t.Name != request.DemandedTool);
        }

        if (request.ToolChoice == ToolDemand.None)
        {
            request.CallableTools.Clear();
            request.Tools = OfferedTools.None;
            request.ToolList = [];
        }
    }

    private static void Restrict(ChatRequest request, IReadOnlySet<string> allowed)
    {
        if (allowed.FirstOrDefault(a => !request.Tools.Has(a)) is { } unknown)
        {
            throw ApiException.Invalid("tool_choice", $"'tool_choice' names '{unknown}', which is not among 'tools'", "invalid_value");
        }

        request.CallableTools.RemoveAll(t => !allowed.Contains(t.Name));
        request.ToolList = [.. request.ToolList.Where(t => allowed.Contains(NameOf(t.GetProperty("function"), "tools")))];
        request.Tools = new OfferedTools();
        request.CallableTools.ForEach(t => request.Tools.Add(t.Name, t.Parameters));
    }

    private static string NameOf(JsonElement function, string place)
    {
        JsonParts.RequireObject(function, place);
        string name = function.TryGetProperty("name", out JsonElement n) ? JsonFields.Text(n, place + ".name") : "";
        return name.Length is > 0 and <= LongestName ? name
            : throw ApiException.Invalid(place + ".name", $"'{place}.name' must have 1 to {LongestName} characters", "invalid_value");
    }

    private static JsonElement Schema(JsonElement function, string place) =>
        !function.TryGetProperty("parameters", out JsonElement schema) || schema.ValueKind == JsonValueKind.Null ? default
        : schema.ValueKind == JsonValueKind.Object ? schema
        : throw ApiException.Invalid(place, $"'{place}' must be an object", "invalid_type");
}
