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
            request.ToolChoice = JsonFields.Text(value, name) switch
            {
                "none" => ToolDemand.None,
                "auto" => ToolDemand.Auto,
                "required" or "any" => ToolDemand.Required,
                _ => throw ApiException.Invalid(name, $"'{name}' must be none, auto, required or a function", "invalid_value"),
            };
            return;
        }

        if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty("function", out JsonElement function)
            || function.ValueKind != JsonValueKind.Object)
        {
            throw ApiException.Invalid(name,
                $"'{name}' must be none, auto, required or {{\"type\":\"function\",\"function\":{{\"name\":…}}}}",
                "invalid_type");
        }

        request.ToolChoice = ToolDemand.Named;
        request.DemandedTool = NameOf(function, name + ".function");
    }

    /// <summary>Whether demands and tools go together.</summary>
    public static void CheckTogether(ChatRequest request)
    {
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

    private static string NameOf(JsonElement function, string place)
    {
        string name = function.TryGetProperty("name", out JsonElement n) ? JsonFields.Text(n, place + ".name") : "";
        return name.Length is > 0 and <= LongestName ? name
            : throw ApiException.Invalid(place + ".name", $"'{place}.name' must have 1 to {LongestName} characters", "invalid_value");
    }

    private static JsonElement Schema(JsonElement function, string place) =>
        !function.TryGetProperty("parameters", out JsonElement schema) || schema.ValueKind == JsonValueKind.Null ? default
        : schema.ValueKind == JsonValueKind.Object ? schema
        : throw ApiException.Invalid(place, $"'{place}' must be an object", "invalid_type");
}
